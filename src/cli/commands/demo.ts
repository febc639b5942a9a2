import path from 'node:path'
import { positive, type Register, share, wholeNumber } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

interface Options {
  check?: boolean
  resume?: boolean
  dataDir?: string
  objects?: number
  rate?: number
  writes?: number
}

/** `dim demo`: the whole product in one process tree, with real objects that move. */
export const registerDemo: Register = (program, bind) => {
  const command = program
    .command('demo')
    .description('watch real objects move: everything embedded, nothing to configure')
    .option(
      '--check',
      'play the story without a person, verify every object, print one line of JSON (its dollars are storage per month)',
    )
    .option('--resume', 'go on with what lies in the folder, also with --check')
    .option('--data-dir <folder>', 'where everything lies (DIM_DATA_DIR; .dim, with --check .dim/check)')
    .option('--objects <n>', 'how many objects', wholeNumber)
    .option('--rate <n>', 'requests per second', positive)
    .option('--writes <share>', 'share of requests that write new content', share)
  bind<Options>(command, async (session, options) => {
    const [{ runDemo }, { DEMO, demoRate }, { createLogger }] = await Promise.all([
      import('../../app/demo/run-demo.ts'),
      import('../../app/demo/demo-settings.ts'),
      import('../../telemetry/logger.ts'),
    ])
    const isCheck = options.check === true
    const summary = await runDemo({
      environment: session.environment,
      folder: path.resolve(
        options.dataDir ?? session.environment.DIM_DATA_DIR ?? (isCheck ? '.dim/check' : '.dim'),
      ),
      check: isCheck,
      resume: options.resume === true,
      objects: options.objects ?? DEMO.objects,
      requestsPerSecond: options.rate ?? demoRate(options.objects ?? DEMO.objects),
      writeShare: options.writes ?? DEMO.writeShare,
      print: line => session.out.say(line),
      signal: session.signal,
      log: createLogger({ level: session.environment.DIM_LOG_LEVEL ?? 'warn' }),
    })
    if (summary === null) return EXIT.ok
    session.terminal.print(JSON.stringify(summary))
    if (summary.wrongBytes > 0 || summary.lostObjects > 0) return EXIT.error
    return summary.promoted > 0 && summary.demoted > 0 ? EXIT.ok : EXIT.error
  })
}
