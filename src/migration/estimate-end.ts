/** Why nobody can say when migrations end. */
export const END_UNKNOWN_BECAUSE = ['stopped', 'paused', 'restoring', 'measuring', 'not-moving'] as const
export type EndUnknownBecause = (typeof END_UNKNOWN_BECAUSE)[number]

/** When migrations end at the present pace: in so many seconds, or unknown for a reason. */
export type EstimatedEnd =
  | { readonly seconds: number; readonly unknownBecause: null }
  | { readonly seconds: null; readonly unknownBecause: EndUnknownBecause }

/** Measured for less than this, a pace says nothing yet. */
const MEASURED_SECONDS_MIN = 5

/**
 * How long it takes at the present pace until readers get every target copy: the longer of what the objects
 * left and the bytes left take, because small objects are bound by their number and large ones by their bytes.
 *
 * `left` is what may go on now, without what is paused, nor what waits for a restore: nobody knows when that comes, so
 * there is no end as long as it is all that is left. Units: wall seconds. Range: at least 0.
 */
export function estimateEnd(facts: {
  readonly isStopped: boolean
  /** Everything that is not moved yet, what is paused included. */
  readonly objectsLeft: number
  /** Of these, not paused, those whose source is being restored from an archive. */
  readonly restoring: number
  readonly left: { readonly objects: number; readonly bytes: number }
  readonly done: { readonly objects: number; readonly bytes: number; readonly seconds: number }
}): EstimatedEnd {
  const { left, done } = facts
  if (facts.objectsLeft === 0) return { seconds: 0, unknownBecause: null }
  if (facts.isStopped) return unknown('stopped')
  if (left.objects === 0) return unknown(facts.restoring > 0 ? 'restoring' : 'paused')
  if (done.seconds < MEASURED_SECONDS_MIN) return unknown(done.seconds === 0 ? 'not-moving' : 'measuring')
  if (done.objects === 0 && done.bytes === 0) return unknown('not-moving')
  const byObjects = done.objects > 0 ? (left.objects * done.seconds) / done.objects : 0
  const byBytes = done.bytes > 0 ? (left.bytes * done.seconds) / done.bytes : 0
  return { seconds: Math.max(byObjects, byBytes), unknownBecause: null }
}

function unknown(because: EndUnknownBecause): EstimatedEnd {
  return { seconds: null, unknownBecause: because }
}
