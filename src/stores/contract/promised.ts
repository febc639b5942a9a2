import type { ObjectStore } from '../object-store.ts'

/** What one test works with: the store and an empty container of its own. */
export interface Bench {
  readonly store: ObjectStore
  readonly container: string
  readonly keepsEveryKey: boolean
  /** Ends the test as skipped, for this reason: the store has nothing of what the test is about. */
  skip(reason: string): never
}

/** Declares one test of the contract, named after the behaviour. */
export type Promised = (behaviour: string, test: (bench: Bench) => Promise<void>) => void
