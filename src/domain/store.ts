import type { Uuid } from './identifiers.ts'

/** The kinds of endpoint that keep bytes and for which there is an adapter. */
export const STORE_KINDS = ['azure-blob', 'filesystem', 'gcs', 'memory', 's3'] as const
export type StoreKind = (typeof STORE_KINDS)[number]

/** Whether a store is used: paused by a person, or shut out because it refused our credentials. */
export type StoreState = 'active' | 'paused' | 'auth-failed'

/** A store as the catalog knows it: an endpoint that keeps bytes, without its secrets. */
export interface Store {
  readonly id: Uuid
  readonly name: string
  readonly kind: StoreKind
  readonly state: StoreState
  /** Settings of the adapter of this kind (endpoint, region, root folder …); checked by its `config.ts`. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly hasCredentials: boolean
}
