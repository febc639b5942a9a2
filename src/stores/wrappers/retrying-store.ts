import { type ObjectStore, StoreError } from '../object-store.ts'
import { aroundStore, gaveUpWaiting, type StoreRequest } from './around-store.ts'

/** How often and how long a request is tried. */
export interface RetryRules {
  /** The first try counts. */
  readonly triesMax: number
  /** No try begins later than so many milliseconds after the first one. */
  readonly totalMsMax: number
  /** The longest rest after the first try; it doubles from try to try. */
  readonly firstRestMs: number
  readonly restMsMax: number
  /** `writes` where the adapter tries reads again by itself: tries are not multiplied. */
  readonly what: 'writes' | 'everything'
}

/** A moment's trouble is sat out; what lasts for longer is the caller's to wait for. */
export const RETRY_DEFAULTS: RetryRules = {
  triesMax: 4,
  totalMsMax: 5_000,
  firstRestMs: 100,
  restMsMax: 2_000,
  what: 'everything',
}

/** What a wrapper needs of time and chance. */
export interface RetryOptions {
  readonly rules: RetryRules
  readonly nowMs: () => number
  /** Resolves early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** From [0, 1): spreads the tries of many callers. */
  readonly random: () => number
  /** Told of each try that comes after another. Default: nobody is. */
  readonly retried?: (request: StoreRequest) => void
}

/**
 * The same store, which tries again what certainly did not happen and may work in a moment. Never repeated are
 * a body that can be read only once, and a request whose outcome is unknown.
 */
export function retryingStore(inner: ObjectStore, options: RetryOptions): ObjectStore {
  const { rules, nowMs, sleep, random } = options
  return aroundStore(inner, {
    async request(request, perform) {
      const startMs = nowMs()
      const triesMax = isTriedAgain(request, rules) ? rules.triesMax : 1
      for (let tries = 1; ; tries++) {
        try {
          return await perform()
        } catch (error) {
          const mayHelp = error instanceof StoreError && error.retry === 'yes'
          if (!mayHelp || tries >= triesMax) throw error
          const restMs = restMsOf(rules, tries, random())
          if (nowMs() - startMs + restMs > rules.totalMsMax) throw error
          await sleep(restMs, request.signal)
          if (request.signal?.aborted) throw gaveUpWaiting(inner, request, request.signal.reason)
          options.retried?.(request)
        }
      }
    },
  })
}

function isTriedAgain(request: StoreRequest, rules: RetryRules): boolean {
  return request.isRepeatable && (request.isWrite || rules.what === 'everything')
}

/** Doubles from try to try, the upper half of it by chance. */
function restMsOf(rules: RetryRules, tries: number, chance: number): number {
  const longest = Math.min(rules.firstRestMs * 2 ** Math.min(tries - 1, 20), rules.restMsMax)
  return longest / 2 + (longest / 2) * chance
}
