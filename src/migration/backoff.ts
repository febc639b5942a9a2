import { MINUTE, SECOND } from '../domain/duration.ts'

/** The first and the longest rest after a failure, in wall milliseconds. */
interface RestRule {
  readonly first: number
  readonly longest: number
}

const USUAL: RestRule = { first: SECOND, longest: 10 * MINUTE }

/** Failures that a second more or less does not change: only a person, or another worker, does. */
const RULES: Readonly<Record<string, RestRule>> = {
  // Rights and keys are changed by people: five tries at this pace last a quarter of an hour.
  'access-denied': { first: 30 * SECOND, longest: 30 * MINUTE },
  'container-not-found': { first: 10 * SECOND, longest: 10 * MINUTE },
  // Somebody else is at it and soon done: a sweeper, a gateway, a client.
  busy: { first: SECOND, longest: 30 * SECOND },
  leftover: { first: 2 * SECOND, longest: 30 * SECOND },
  'newer-bytes': { first: 2 * SECOND, longest: 30 * SECOND },
}

/**
 * How long a migration rests after its n-th try of a stage failed with an error of this kind: doubles from one
 * second up to ten minutes unless the kind has a rule of its own, the upper half of it by chance, so that many that
 * failed together do not come back together.
 *
 * `random` is from [0, 1). Units: wall milliseconds. Range: 500 to 1,800,000.
 */
export function backoffMs(attempt: number, random: number, errorKind: string): number {
  const { first, longest } = RULES[errorKind] ?? USUAL
  return doubledMs(attempt, { first, longest }, random)
}

/** `first` doubled with every time after the first, at most `longest`; the upper half of it by chance. */
export function doubledMs(times: number, { first, longest }: RestRule, random: number): number {
  const doublings = Math.min(Math.max(times - 1, 0), 20)
  const most = Math.min(first * 2 ** doublings, longest)
  return Math.round(most / 2 + (most / 2) * random)
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
