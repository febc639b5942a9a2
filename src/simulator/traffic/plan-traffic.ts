import type { Instant } from '../../domain/clock.ts'
import { DAY, HOUR, SECOND } from '../../domain/duration.ts'
import { type Popularity, zipfPopularity } from './popularity.ts'
import { type Random, randomInteger, randomWait, seededRandom } from './random.ts'

/** What traffic looks like. Wall time paces requests; day, peak, bursts and drift follow the model clock. */
export interface TrafficShape {
  /** How many objects there are to ask for. */
  readonly objects: number
  /** Mean requests per wall second, without bursts. */
  readonly requestsPerSecond: number
  /** Share of requests that write. Range: 0 to 1. */
  readonly writeShare: number
  /** See {@link zipfPopularity}. */
  readonly skew: number
  /** How far the rate swings around its mean over a model day. Range: 0 (steady) to 1 (silent nights). */
  readonly diurnalSwing: number
  /** Hour of the model day (UTC) with the highest rate. Range: 0 to 24. */
  readonly peakHour: number
  /** Mean number of bursts per model day: one object is suddenly asked for, again and again. */
  readonly burstsPerDay: number
  readonly readsPerBurst: number
  /** Wall seconds over which a burst's reads are spread. */
  readonly burstSeconds: number
  /** Share of objects that change popularity per model day. Range: 0 to 1. */
  readonly driftPerDay: number
  readonly seed: string
}

/** A steady, skewed load with nothing special about it. */
export const STEADY_TRAFFIC: Omit<TrafficShape, 'objects'> = {
  requestsPerSecond: 50,
  writeShare: 0,
  skew: 0.9,
  diurnalSwing: 0,
  peakHour: 14,
  burstsPerDay: 0,
  readsPerBurst: 200,
  burstSeconds: 5,
  driftPerDay: 0,
  seed: 'dim',
}

/** One request to be made at a wall time. */
export interface PlannedRequest {
  /** Wall milliseconds since the traffic began. */
  readonly atMs: number
  readonly kind: 'read' | 'write'
  /** Which object. Range: 0 up to, not including, the number of objects. */
  readonly object: number
}

/** No more bursts than this are under way at once; further ones do not happen. */
const BURSTS_MAX = 100

interface Burst {
  readonly object: number
  readonly endsAtMs: number
}

/**
 * Requests in order of time, without end: Poisson arrivals whose rate follows the shape, by thinning
 * (Lewis & Shedler 1979). The same shape, seed and clock give the same requests. Throws a RangeError when
 * there would never be one.
 */
export function* planTraffic(
  shape: TrafficShape,
  clock: { startModel: Instant; scale: number },
): Generator<PlannedRequest, never> {
  if (!(shape.objects >= 1)) throw new RangeError('traffic needs at least one object')
  if (!(shape.requestsPerSecond > 0)) throw new RangeError('traffic needs a rate above 0')
  const random = seededRandom(shape.seed)
  const popularity = zipfPopularity(shape.objects, shape.skew, random)
  const modelDaysPerMs = clock.scale / DAY
  const burstRate = shape.readsPerBurst / shape.burstSeconds
  const nextBurst = () => waitMs(random, shape.burstsPerDay * modelDaysPerMs * SECOND)
  let bursts: Burst[] = []
  let burstAtMs = nextBurst()
  let driftedAtMs = 0
  for (let atMs = 0; ; ) {
    const ceiling = shape.requestsPerSecond * (1 + shape.diurnalSwing) + bursts.length * burstRate
    const candidateMs = atMs + waitMs(random, ceiling)
    if (burstAtMs <= candidateMs) {
      atMs = burstAtMs
      burstAtMs = atMs + nextBurst()
      if (bursts.length < BURSTS_MAX)
        bursts.push({
          object: randomInteger(random, shape.objects),
          endsAtMs: atMs + shape.burstSeconds * SECOND,
        })
      continue
    }
    atMs = candidateMs
    bursts = bursts.filter(burst => burst.endsAtMs > atMs)
    driftedAtMs = drift(popularity, random, shape, modelDaysPerMs, driftedAtMs, atMs)
    const base = shape.requestsPerSecond * diurnalFactor(clock.startModel + atMs * clock.scale, shape)
    const chance = random.next() * ceiling
    if (chance < base) {
      const kind = random.next() < shape.writeShare ? 'write' : 'read'
      yield { atMs, kind, object: popularity.draw(random) }
    } else if (chance < base + bursts.length * burstRate) {
      const burst = bursts[Math.floor((chance - base) / burstRate)]!
      yield { atMs, kind: 'read', object: burst.object }
    }
  }
}

/** How the hour of the model day scales the rate: a cosine around 1 with its top at the peak hour. */
export function diurnalFactor(
  at: Instant,
  shape: { readonly diurnalSwing: number; readonly peakHour: number },
): number {
  const hour = (((at % DAY) + DAY) % DAY) / HOUR
  return 1 + shape.diurnalSwing * Math.cos(((hour - shape.peakHour) / 24) * 2 * Math.PI)
}

function waitMs(random: Random, ratePerSecond: number): number {
  return ratePerSecond > 0 ? randomWait(random, ratePerSecond) * SECOND : Number.POSITIVE_INFINITY
}

/** Lets popularity drift in steps of whole pairs; returns the time up to which it has drifted. */
function drift(
  popularity: Popularity,
  random: Random,
  shape: TrafficShape,
  modelDaysPerMs: number,
  sinceMs: number,
  nowMs: number,
): number {
  const objects = shape.objects * shape.driftPerDay * (nowMs - sinceMs) * modelDaysPerMs
  if (objects < 2) return shape.driftPerDay > 0 ? sinceMs : nowMs
  popularity.drift(random, Math.min(objects, shape.objects))
  return nowMs
}
