import { MINUTE, SECOND } from '../domain/duration.ts'

const BACKOFF_MS_MIN = SECOND
const BACKOFF_MS_MAX = 10 * MINUTE

/**
 * How long a migration rests after its n-th try of a stage failed: doubles from one second up to ten
 * minutes, the upper half of it by chance, so that many that failed together do not come back together.
 *
 * `random` is from [0, 1). Units: wall milliseconds. Range: 500 to 600,000.
 */
export function backoffMs(attempt: number, random: number): number {
  const doublings = Math.min(Math.max(attempt - 1, 0), 20)
  const longest = Math.min(BACKOFF_MS_MIN * 2 ** doublings, BACKOFF_MS_MAX)
  return Math.round(longest / 2 + (longest / 2) * random)
}

/** The slowest transfer that is still waited for, in bytes per second. */
const BYTES_PER_SECOND_MIN = 256 * 1024

/**
 * How long one request that carries `bytes` may take before it counts as hanging.
 *
 * Units: wall milliseconds. Range: at least 30,000.
 */
export function deadlineMs(bytes: number): number {
  return 30 * SECOND + Math.ceil((bytes / BYTES_PER_SECOND_MIN) * SECOND)
}
