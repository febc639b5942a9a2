import type { Command } from 'commander'
import pc from 'picocolors'
import { EXIT_MEANINGS } from './exit-codes.ts'
import { createProgram } from './program.ts'
import type { Terminal } from './terminal.ts'

/** The page docs/reference/cli.md: every command with its arguments and options, and the exit codes. */
export function cliPage(): string {
  const program = createProgram(() => 'nothing is run for a page', SILENT)
  const lines = [
    '# The `dim` command',
    '',
    '<!-- Made by `npm run generate` from src/cli; never edited. -->',
    '',
    program.description(),
    '',
    'Answers go to standard output, words for people to standard error. Without a terminal, or with `NO_COLOR`,',
    'nothing is coloured and progress is a line now and then. A command finds the server of this machine by itself;',
    'another one is named by `--endpoint` and `--token`, or `DIM_ENDPOINT` and `DIM_TOKEN` (`DIM_TOKEN_FILE`).',
    '',
    '## Options of every command',
    '',
    ...optionRows(program),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...commandSections(program, []),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const SILENT: Terminal = {
  print: () => undefined,
  say: () => undefined,
  isInteractive: false,
  showsProgress: false,
  colors: pc.createColors(false),
}

function commandSections(command: Command, trail: readonly string[]): string[] {
  return command.commands.flatMap(child => {
    const path = [...trail, child.name()]
    if (child.commands.length > 0)
      return [
        `## dim ${path.join(' ')}`,
        '',
        `${sentence(child.description())}`,
        '',
        ...commandSections(child, path),
      ]
    const heading = trail.length === 0 ? '##' : '###'
    const signature = child.registeredArguments.map(argument => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`
      return argument.required ? `<${name}>` : `[${name}]`
    })
    return [
      `${heading} dim ${path.join(' ')}`,
      '',
      `\`${['dim', ...path, ...signature, ...(child.options.length > 0 ? ['[options]'] : [])].join(' ')}\``,
      '',
      sentence(child.description()),
      '',
      ...(child.options.length > 0 ? [...optionRows(child), ''] : []),
    ]
  })
}

function optionRows(command: Command): string[] {
  const rows = command.options.map(option => {
    const choices = option.argChoices === undefined ? '' : ` One of ${option.argChoices.join(', ')}.`
    const isTold =
      option.defaultValue === undefined ||
      typeof option.defaultValue === 'boolean' ||
      option.defaultValue === ''
    const preset = isTold ? '' : ` Default: ${option.defaultValue}.`
    const must = option.mandatory ? ' Required.' : ''
    return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${sentence(option.description)}${choices}${preset}${must} |`
  })
  return ['| option | meaning |', '|---|---|', ...rows]
}

/** Descriptions of commander begin small and end without a stop; a page has sentences. */
function sentence(text: string): string {
  if (text === '') return ''
  const escaped = text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return `${escaped.charAt(0).toUpperCase()}${escaped.slice(1)}${/[.?!)]$/.test(escaped) ? '' : '.'}`
}
