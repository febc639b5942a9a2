import { Option } from 'commander'
import type { Overview } from '../../api/schemas/overview.ts'
import { READER_CLASSES, type ReaderClass } from '../../domain/access-event.ts'
import { emptyTrafficCounts } from '../../simulator/traffic/drive-requests.ts'
import { STEADY_TRAFFIC } from '../../simulator/traffic/plan-traffic.ts'
import { runTraffic } from '../../simulator/traffic/run-traffic.ts'
import { notNegative, positive, type Register, seconds, share } from '../command.ts'
import { type GatewayOptions, withGateway } from '../gateway-access.ts'
import { withGatewayOptions } from '../gateway-options.ts'
import { processProgress } from '../progress.ts'
import type { Session } from '../session.ts'
import { trafficExitCode, trafficLine, trafficReport, trafficView } from '../traffic-report.ts'

interface Options extends GatewayOptions {
  rate: number
  skew: number
  writes: number
  diurnal: number
  peakHour: number
  bursts: number
  burstReads: number
  drift: number
  seed: string
  duration?: number
  concurrency: number
  prefix: string
  readerClass: ReaderClass
}

/** `dim traffic`: real requests through the gateway, with every body checked. */
export const registerTraffic: Register = (program, bind) => {
  const command = program
    .command('traffic <bucket>')
    .description('make skewed real requests over the objects of a bucket and check every byte')
    .option('--rate <n>', 'requests per second', positive, STEADY_TRAFFIC.requestsPerSecond)
    .option('--skew <n>', 'how uneven: exponent of Zipf, 0 is all alike', notNegative, STEADY_TRAFFIC.skew)
    .option('--writes <share>', 'share of requests that write new content', share, STEADY_TRAFFIC.writeShare)
    .option(
      '--diurnal <swing>',
      'how far the rate swings over a model day',
      share,
      STEADY_TRAFFIC.diurnalSwing,
    )
    .option(
      '--peak-hour <hour>',
      'hour of the model day with most requests',
      notNegative,
      STEADY_TRAFFIC.peakHour,
    )
    .option('--bursts <n>', 'bursts per model day', notNegative, STEADY_TRAFFIC.burstsPerDay)
    .option('--burst-reads <n>', 'reads of one burst', positive, STEADY_TRAFFIC.readsPerBurst)
    .option(
      '--drift <share>',
      'share of objects that change popularity per model day',
      share,
      STEADY_TRAFFIC.driftPerDay,
    )
    .option('--seed <text>', 'the same seed makes the same requests', STEADY_TRAFFIC.seed)
    .option('--duration <time>', 'for example 90s or 5m (until Ctrl-C)', seconds)
    .option('--concurrency <n>', 'requests open at once', positive, 64)
    .option('--prefix <text>', 'only keys that start with this', '')
    .addOption(
      new Option('--reader-class <class>', 'what kind of reader it is')
        .choices(READER_CLASSES)
        .default('application'),
    )
  bind<Options>(withGatewayOptions(command), async (session, options, bucket) => {
    const counts = emptyTrafficCounts()
    const progress = processProgress(session)
    const start = performance.now()
    const elapsed = () => (performance.now() - start) / 1_000
    const ticking = setInterval(() => progress.update(trafficLine(counts, elapsed())), 1_000)
    try {
      const openMax = Math.ceil(options.concurrency)
      const objects = await withGateway(
        session,
        { ...options, openMax, mayWrite: options.writes > 0 },
        async client =>
          runTraffic({
            client,
            bucket,
            prefix: options.prefix,
            shape: shapeOf(options),
            clock: await readModelClock(session),
            durationMs: (options.duration ?? Number.POSITIVE_INFINITY) * 1_000,
            openMax,
            counts,
            signal: session.signal,
          }),
      )
      const report = trafficReport(counts, objects, elapsed())
      session.out.one(report, trafficView)
      return trafficExitCode(report)
    } finally {
      clearInterval(ticking)
      progress.finish(trafficLine(counts, elapsed()))
    }
  })
}

function shapeOf(options: Options) {
  return {
    ...STEADY_TRAFFIC,
    requestsPerSecond: options.rate,
    skew: options.skew,
    writeShare: options.writes,
    diurnalSwing: options.diurnal,
    peakHour: options.peakHour,
    burstsPerDay: options.bursts,
    readsPerBurst: options.burstReads,
    driftPerDay: options.drift,
    seed: options.seed,
  }
}

/** Days, peaks and drift follow the server's model clock; without its API they follow the wall clock. */
async function readModelClock(session: Session): Promise<{ startModel: number; scale: number }> {
  try {
    const { clock } = await session.api.get<Overview>('/v1/overview')
    return { startModel: Date.parse(clock.modelAt), scale: clock.scale }
  } catch (error) {
    session.out.say(
      `without the server's clock a day lasts a day (${(error as Error).message.split('\n')[0]})`,
    )
    return { startModel: Date.now(), scale: 1 }
  }
}
