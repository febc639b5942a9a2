import type { Overview } from '../api/types.ts'
import { formatBytes, formatCount, formatRate } from '../format/quantity.ts'
import { formatDuration } from '../format/time.ts'

type Queue = Pick<Overview['migrations'], 'left' | 'throughput' | 'end'>

const UNKNOWN_BECAUSE: Readonly<Record<NonNullable<Queue['end']['unknownBecause']>, string>> = {
  stopped: 'everything is stopped',
  paused: 'all that is left is paused',
  restoring: 'all that is left is being restored from an archive',
  measuring: 'it has just begun',
  'not-moving': 'nothing moved in the last minute',
}

/** How fast objects move, in objects and bytes: 12.3 /s, 4.50 MiB/s. */
export function paceWords({ throughput }: Pick<Queue, 'throughput'>): { objects: string; bytes: string } {
  return {
    objects: formatRate(throughput.objectsPerSecond, 's'),
    bytes: `${formatBytes(Math.round(throughput.bytesPerSecond))}/s`,
  }
}

/** When the moves are done at this pace, and why nobody knows where nobody does. */
export function endWords({ end, left }: Queue): { said: string; note: string } {
  if (left.migrations === 0) return { said: 'Nothing left', note: '' }
  if (end.seconds !== null)
    return { said: `in ${formatDuration(end.seconds * 1_000)}`, note: 'at the pace of the last minute' }
  return {
    said: 'Unknown',
    note: end.unknownBecause === null ? '' : UNKNOWN_BECAUSE[end.unknownBecause],
  }
}

/** How much is left: 1,234 objects, 5.60 GiB. */
export function leftWords({ left }: Pick<Queue, 'left'>): { objects: string; bytes: string } {
  return {
    objects: `${formatCount(left.migrations)} ${left.migrations === 1 ? 'object' : 'objects'}`,
    bytes: formatBytes(left.bytes),
  }
}
