import type { FaultRule } from './fault.ts'
import type { Uuid } from './identifiers.ts'
import type { StoreBudget } from './store-budget.ts'

/** The kinds of endpoint that keep bytes and for which there is an adapter. */
export const STORE_KINDS = ['azure-blob', 'filesystem', 'gcs', 'memory', 's3'] as const
export type StoreKind = (typeof STORE_KINDS)[number]

/** Whether a store is used: paused by a person, or shut out because it refused our credentials. */
export type StoreState = 'active' | 'paused' | 'auth-failed'

/** Faults on purpose at a store, for a bounded time. */
export interface StoreDrill {
  readonly rules: readonly FaultRule[]
  /** The same seed makes the same faults of the same requests. */
  readonly seed: string
  readonly until: Date
}

/** A store as the catalog knows it: an endpoint that keeps bytes, without its secrets. */
export interface Store {
  readonly id: Uuid
  readonly name: string
  readonly kind: StoreKind
  readonly state: StoreState
  /** Settings of the adapter of this kind (endpoint, region, root folder …); checked by its `config.ts`. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly hasCredentials: boolean
  /** What background work may ask of it. */
  readonly budget: StoreBudget
  /** Background requests one process may have under way here, each way; null is the product's own bound. */
  readonly requestsAtOnceMax: number | null
  /** Whether drills may be held here: nothing people need may depend on it. */
  readonly isForDrills: boolean
  /** The drill that is held, or null. */
  readonly drill: StoreDrill | null
}
