import { InvalidArgumentError } from 'commander'
import { type ReplayInventory, takeInventory } from '../../simulator/replay/replay-inventory.ts'
import { noUnusedLines, readRequests } from '../../simulator/replay/replay-log.ts'
import { createObjects, type Replay, replayRequests } from '../../simulator/replay/run-replay.ts'
import { emptyTrafficCounts } from '../../simulator/traffic/drive-requests.ts'
import { positive, type Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { type GatewayOptions, withGateway } from '../gateway-access.ts'
import { withGatewayOptions } from '../gateway-options.ts'
import { processProgress } from '../progress.ts'
import type { Session } from '../session.ts'
import { trafficExitCode, trafficLine, trafficReport, trafficView } from '../traffic-report.ts'
import { countText, durationText } from '../units.ts'

interface Options extends GatewayOptions {
  bucket: string
  speed: number
  concurrency: number
  /** False with `--no-create`. */
  create: boolean
}

const SPEED_DEFAULT = 600

/** `dim replay access-log`: a log's requests as real GETs, faster than they came, every answer checked. */
export const registerReplayAccessLog: Register = (noun, bind) => {
  const command = noun
    .command('access-log <file>')
    .description("make a log's objects with their real sizes and replay its requests, checking every byte")
    .requiredOption('--bucket <bucket>', 'where the objects lie; made if it is not there')
    .option('--speed <n>', 'times as fast as it was, or "max"', speed, SPEED_DEFAULT)
    .option('--concurrency <n>', 'requests open at once', positive, 32)
    .option('--no-create', 'the objects are there from an earlier replay')
    .addHelpText('after', FORMATS)
  bind<Options>(withGatewayOptions(command), async (session, options, file) => {
    const unused = noUnusedLines()
    const inventory = await readInventory(file, unused)
    sayInventory(session, inventory, unused)
    const openMax = Math.ceil(options.concurrency)
    const report = await withGateway(
      session,
      { ...options, openMax, readerClass: 'application', mayWrite: options.create },
      async client => {
        const counts = emptyTrafficCounts()
        const replay: Replay = {
          client,
          bucket: options.bucket,
          inventory,
          counts,
          openMax,
          signal: session.signal,
        }
        const objects = await makeObjects(session, replay, options.create)
        const start = performance.now()
        const elapsed = () => (performance.now() - start) / 1_000
        const progress = processProgress(session)
        const ticking = setInterval(() => progress.update(trafficLine(counts, elapsed())), 1_000)
        try {
          await replayRequests(replay, readRequests(file, noUnusedLines()), objects, options.speed)
        } finally {
          clearInterval(ticking)
          progress.finish(trafficLine(counts, elapsed()))
        }
        return trafficReport(counts, objects.size, elapsed())
      },
    )
    session.out.one(report, trafficView)
    return session.signal.aborted ? EXIT.interrupted : trafficExitCode(report)
  })
}

const FORMATS = `
Reads Common and Combined Log Format, S3 server access logs, and tables with the columns
unix_time,object,status,bytes; compressed with gzip or not.
An object gets the size of its largest complete answer and bytes that are computed from its key, so that
every answer can be checked. A 304 becomes a conditional GET; a key that was never there must be answered 404.`

async function readInventory(
  file: string,
  unused: ReturnType<typeof noUnusedLines>,
): Promise<ReplayInventory> {
  try {
    return await takeInventory(readRequests(file, unused))
  } catch (error) {
    const isExpected = error instanceof RangeError || (error as Error).name === 'AccessLogError'
    if (!isExpected) throw error
    const first = unused.firstMalformed
    const hint = first === null ? '' : ` (line ${first.line}: ${first.reason})`
    throw new CliError(EXIT.usage, `${file}: ${(error as Error).message}${hint}`, { cause: error })
  }
}

function sayInventory(
  session: Session,
  inventory: ReplayInventory,
  unused: ReturnType<typeof noUnusedLines>,
): void {
  const { say } = session.out
  const span = durationText(Math.max(0, inventory.lastAt - inventory.firstAt) / 1_000)
  const urls = inventory.sizes.size + inventory.absent.size
  say(
    `${countText(inventory.requests)} requests over ${span} for ${countText(urls)} objects, ${countText(inventory.absent.size)} of which were never there`,
  )
  if (inventory.skipped + unused.other > 0)
    say(`left out: ${countText(inventory.skipped + unused.other)} lines that read no object`)
  if (unused.firstMalformed !== null)
    say(
      `not understood: ${countText(unused.malformed)} lines, the first is line ${unused.firstMalformed.line} (${unused.firstMalformed.reason})`,
    )
}

async function makeObjects(session: Session, replay: Replay, mayCreate: boolean) {
  const progress = processProgress(session)
  const total = replay.inventory.sizes.size
  const { objects, created } = await createObjects(replay, {
    mayCreate,
    onProgress: done => progress.update(`${countText(done)} of ${countText(total)} objects are there`),
  })
  progress.finish(`${countText(total)} objects are there, ${countText(created)} of them made now`)
  return objects
}

function speed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0, or "max".')
  return value
}
