import { Argument } from 'commander'
import type { Register } from '../command.ts'
import { completionScript, SHELLS, type Shell } from '../completion.ts'

/** `dim completion` */
export const registerCompletion: Register = (program, bind) => {
  const command = program
    .command('completion')
    .description('print a script that completes commands in a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
  bind(command, async ({ terminal }, _options, shell) => {
    terminal.print(completionScript(program, shell as Shell))
  })
}
