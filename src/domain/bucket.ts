import type { Uuid } from './identifiers.ts'

/**
 * How much of a bucket's containers is ours: `observed` (we only look), `shared` (others write too: we
 * move, but delete only what is versioned or can be deleted conditionally), `exclusive` (only we write).
 */
export const BUCKET_MODES = ['observed', 'shared', 'exclusive'] as const
export type BucketMode = (typeof BUCKET_MODES)[number]

/** A name space of objects behind the gateway, as clients see it. */
export interface Bucket {
  readonly id: Uuid
  readonly name: string
  readonly mode: BucketMode
  /** Where the gateway puts what clients write. */
  readonly writeLocationId: Uuid
  /** The policy that places its objects, or null while nothing may be moved. */
  readonly policyId: Uuid | null
  readonly createdAt: number
}
