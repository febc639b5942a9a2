import { Option } from 'commander'
import type { SimulatedHistory } from '../../simulator/run-seed.ts'
import { positive, type Register, wholeNumber } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { processProgress } from '../progress.ts'
import type { Session } from '../session.ts'
import { countText, durationText } from '../units.ts'

interface Options {
  seeds: number
  from: number
  seed?: string
  trace?: boolean
}

/** What many histories showed together. */
interface SimulationReport {
  readonly seeds: number
  readonly turns: number
  readonly modelSeconds: number
  readonly broken: readonly { readonly seed: string; readonly invariant: string; readonly message: string }[]
}

/** `dim chaos simulate`: seeded histories of moves in which everything goes wrong. */
export const registerChaosSimulate: Register = (noun, bind) => {
  const command = noun
    .command('simulate')
    .description('live through seeded histories of moves in which everything goes wrong')
    .option('--seeds <n>', 'how many histories', positive, 200)
    .option('--from <seed>', 'the first seed', wholeNumber, 1)
    .addOption(new Option('--seed <seed>', 'this one history').conflicts(['seeds', 'from']))
    .option('--trace', 'print all that happened in it, turn by turn')
    .addHelpText(
      'after',
      `
The mover and the sweeper as they are shipped, several processes at once, on model stores and a virtual clock: no
server is needed and no real time passes. A history that breaks a promise is printed with its seed, and
--seed repeats it exactly. Exit code 7 when a promise was broken. See src/simulator/README.md.

Example: dim chaos simulate --seeds 1000
         dim chaos simulate --seed 142 --trace`,
    )
  bind<Options>(command, async (session, options) => {
    const { runSeed } = await import('../../simulator/run-seed.ts')
    if (options.seed !== undefined)
      return replay(session, await runSeed(options.seed), options.trace === true)
    if (options.trace === true) throw new CliError(EXIT.usage, '--trace needs one --seed')
    const progress = processProgress(session)
    const broken: SimulatedHistory[] = []
    let [lived, turns, modelMs] = [0, 0, 0]
    const seeds = Math.ceil(options.seeds)
    while (lived < seeds && !session.signal.aborted) {
      const history = await runSeed(String(options.from + lived))
      lived++
      turns += history.turns
      modelMs += history.modelMs
      if (history.violation !== null) broken.push(history)
      progress.update(`${countText(lived)} of ${countText(seeds)} histories, ${broken.length} broken`)
    }
    const report: SimulationReport = {
      seeds: lived,
      turns,
      modelSeconds: modelMs / 1_000,
      broken: broken.map(({ seed, violation }) => ({ seed, ...violation! })),
    }
    progress.finish(`${countText(lived)} histories, ${broken.length} broken`)
    session.out.one(report, { name: String, columns: [{ header: 'HISTORIES', value: reportText }] })
    for (const { seed } of broken) session.out.say(`replay: dim chaos simulate --seed ${seed} --trace`)
    if (broken.length > 0) return EXIT.mismatch
    return session.signal.aborted ? EXIT.interrupted : EXIT.ok
  })
}

function replay(session: Session, history: SimulatedHistory, isTraced: boolean) {
  const { seed, violation, digest, turns, modelMs, lines } = history
  if (isTraced) for (const line of lines) session.terminal.print(line)
  session.out.one(
    { seed, violation, digest, turns, modelSeconds: modelMs / 1_000 },
    {
      name: () => seed,
      columns: [
        { header: 'SEED', value: () => seed },
        {
          header: 'BROKEN',
          value: () => (violation === null ? 'nothing' : `${violation.invariant}: ${violation.message}`),
        },
        { header: 'TURNS', value: () => countText(turns) },
        { header: 'DIGEST', value: () => digest },
      ],
    },
  )
  return violation === null ? EXIT.ok : EXIT.mismatch
}

function reportText(report: SimulationReport): string {
  const lived = `${countText(report.seeds)} with ${countText(report.turns)} turns in ${durationText(report.modelSeconds)} of their time`
  const broken = report.broken.map(
    ({ seed, invariant, message }) => `\n  seed ${seed} breaks ${invariant}: ${message}`,
  )
  return `${lived}, ${broken.length === 0 ? 'no promise broken' : `${broken.length} broken`}${broken.join('')}`
}
