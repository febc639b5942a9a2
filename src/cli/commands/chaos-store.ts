import { InvalidArgumentError, Option } from 'commander'
import type { StoreResource } from '../../api/schemas/store.ts'
import { type Register, repeated, seconds } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { parseFaultRule } from '../parse-faults.ts'
import { findNamed, namedPath } from '../references.ts'
import { durationText } from '../units.ts'
import { storeView } from '../views/store.ts'

const DRILL_SECONDS_MIN = 1
const DRILL_SECONDS_MAX = 86_400

interface Options {
  fault?: string[]
  for: number
  seed: string
  stop?: boolean
}

/** `dim chaos store`: requests to a store that is for drills fail, hang or lie for a bounded time. */
export const registerChaosStore: Register = (noun, bind) => {
  const command = noun
    .command('store <store>')
    .description('let requests to a store fail, hang or lie on purpose, for a bounded time')
    .option('--fault <rule>', 'what goes wrong, and when (repeat; the first that hits happens)', repeated)
    .option('--for <time>', 'the drill ends by itself after so long, from 1s to 1d', drillSeconds, 300)
    .option('--seed <text>', 'the same seed makes the same faults of the same requests', 'drill')
    .addOption(new Option('--stop', 'end the drill that is held').conflicts(['fault', 'for', 'seed']))
    .addHelpText(
      'after',
      `
Only at a store that is marked: dim store set <store> --for-drills. What lies there may be damaged, for good: flips,
truncates and write-lost change what is kept. Readers of the gateway meet the faults, too.

A rule is a fault and, after a colon, when it happens:
  refused       an error before anything happened (refusal=throttled, unreachable, timeout, unexpected, access-denied,
                store-full)
  delayed       it takes longer (ms=1000)
  hangs         it never arrives and is never answered
  answer-lost   it happens, and the answer gets lost
  write-lost    success is reported and nothing was kept
  flips         a bit flips, on the way out or in what is kept
  truncates     the last byte is missing, and nobody says so
  cut           the connection breaks in the middle of a body
  stale         the answer shows what was there before the last change
  wrong-digest  a digest is reported that the bytes do not have
  on=get+head   only these requests (get, put, head, list, delete, copyWithin, multipart.putPart …)
  key=logs/     only keys that begin so
  probability=0.1, nth=3

Every process notices within five seconds. The drill is shown by dim store list and in the activity, and each fault is
counted in dim_store_drill_faults_total.

Example: dim chaos store lab --fault flips:on=put,probability=0.05 --fault refused:probability=0.2 --for 10m`,
    )
  bind<Options>(command, async ({ api, out }, options, name) => {
    const store = await findNamed<StoreResource>(api, 'store', name)
    const path = `${namedPath('store', store.id)}/drill`
    if (options.stop === true) {
      await api.delete(path)
      out.one(await api.get<StoreResource>(namedPath('store', store.id)), storeView)
      return EXIT.ok
    }
    const rules = (options.fault ?? []).map(parseFaultRule)
    if (rules.length === 0) throw new CliError(EXIT.usage, 'name what goes wrong with --fault, or --stop')
    const body = { rules, seconds: options.for, seed: options.seed }
    out.one(await api.post<StoreResource>(path, body), storeView)
    out.say(`the drill ends by itself in ${durationText(options.for)}`)
    return EXIT.ok
  })
}

/** How long a drill lasts. A day is the most: one that is forgotten ends before the next one begins. */
function drillSeconds(text: string): number {
  const asked = seconds(text)
  if (asked >= DRILL_SECONDS_MIN && asked <= DRILL_SECONDS_MAX) return asked
  throw new InvalidArgumentError('A drill lasts from 1s to 1d (24h); begin a new one when it has ended.')
}
