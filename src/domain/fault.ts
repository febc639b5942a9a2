/**
 * What can go wrong with one request to a store, on purpose: in drills, in tests and in simulated histories.
 *
 * - `refused`: an error before anything happened
 * - `delayed`: it takes longer
 * - `hangs`: it never arrives and is never answered
 * - `answer-lost`: it happens, and the answer gets lost
 * - `write-lost`: success is reported and nothing was kept
 * - `flips`: a bit flips, on the way out or in what is kept
 * - `truncates`: the last byte is missing, on the way out or in what is kept, and nobody says so
 * - `cut`: the connection breaks in the middle of a body
 * - `stale`: the answer shows what was there before the last change
 * - `wrong-digest`: a digest is reported that the bytes do not have
 */
export const FAULT_KINDS = [
  'refused',
  'delayed',
  'hangs',
  'answer-lost',
  'write-lost',
  'flips',
  'truncates',
  'cut',
  'stale',
  'wrong-digest',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** The errors a request can be refused with. */
export const REFUSALS = [
  'throttled',
  'unreachable',
  'timeout',
  'unexpected',
  'access-denied',
  'store-full',
] as const
export type Refusal = (typeof REFUSALS)[number]

/** Requests to a store that faults can hit. */
export const FAULT_OPERATIONS = [
  'head',
  'get',
  'put',
  'delete',
  'list',
  'copyWithin',
  'changeStorageClass',
  'restore',
  'multipart.create',
  'multipart.putPart',
  'multipart.complete',
  'multipart.abort',
] as const
export type FaultOperation = (typeof FAULT_OPERATIONS)[number]

/** Which requests to a store fail, and how: data, so that a drill can be written down and repeated. */
export interface FaultRule {
  readonly fault: FaultKind
  /** Requests it hits. Default: all that this fault can hit. */
  readonly on?: readonly FaultOperation[] | undefined
  /** Only keys that begin with this. */
  readonly keyPrefix?: string | undefined
  /** From 0 to 1. Default: 1. */
  readonly probability?: number | undefined
  /** Only the n-th request that it could hit, counted from 1. */
  readonly nth?: number | undefined
  /** Of `delayed`: how much longer. Default: 1,000. Units: milliseconds. */
  readonly delayMs?: number | undefined
  /** Of `refused`: the error. Default: `throttled`. */
  readonly refusal?: Refusal | undefined
}

const READS: readonly FaultOperation[] = ['head', 'get', 'list']
const BODIES: readonly FaultOperation[] = ['get', 'put', 'multipart.putPart']

/** Which requests each fault can hit. */
export const OPERATIONS_OF_FAULT: Readonly<Record<FaultKind, readonly FaultOperation[]>> = {
  refused: FAULT_OPERATIONS,
  delayed: FAULT_OPERATIONS,
  hangs: FAULT_OPERATIONS,
  'answer-lost': FAULT_OPERATIONS,
  'write-lost': ['put', 'delete', 'copyWithin', 'multipart.complete'],
  flips: BODIES,
  truncates: BODIES,
  cut: BODIES,
  stale: READS,
  'wrong-digest': ['head', 'get', 'put', 'multipart.complete'],
}

/** What is wrong with a rule, in words; null when nothing is. */
export function problemOfFaultRule(rule: FaultRule): string | null {
  const possible = OPERATIONS_OF_FAULT[rule.fault]
  const impossible = (rule.on ?? []).filter(operation => !possible.includes(operation))
  if (impossible.length > 0) return `${rule.fault} cannot happen to ${impossible.join(', ')}`
  if (rule.probability !== undefined && !(rule.probability >= 0 && rule.probability <= 1))
    return 'a probability lies between 0 and 1'
  if (rule.nth !== undefined && !(Number.isInteger(rule.nth) && rule.nth >= 1))
    return 'nth is a whole number from 1 on'
  if (rule.delayMs !== undefined && !(rule.delayMs >= 0 && rule.delayMs <= 600_000))
    return 'a delay lies between 0 and 600,000 milliseconds'
  return null
}
