import { setTimeout as delay } from 'node:timers/promises'
import { StoreError } from './object-store.ts'
import { abortFailure, type StoreOperation } from './store-operation.ts'

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000

/** Does something again, up to so many times, as long as its failure says that this may help. */
export async function repeated<Result>(
  operation: StoreOperation,
  tries: { attemptsMax: number; random: () => number; signal: AbortSignal | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const mayHelp = error instanceof StoreError && error.retry === 'yes'
      if (!mayHelp || attempt >= tries.attemptsMax) throw error
      await pauseAfter(operation, attempt, tries)
    }
  }
}

/** Waits before the next attempt: longer each time, and never as long as others. */
export async function pauseAfter(
  operation: StoreOperation,
  attempt: number,
  { random, signal }: { random: () => number; signal: AbortSignal | undefined },
): Promise<void> {
  const longest = Math.min(RETRY_MS_MIN * 2 ** (attempt - 1), RETRY_MS_MAX)
  try {
    await delay(longest / 2 + (longest / 2) * random(), undefined, signal ? { signal } : {})
  } catch {
    throw abortFailure(operation, signal!)
  }
}
