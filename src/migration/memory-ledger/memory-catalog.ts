import type { Bucket } from '../../domain/bucket.ts'
import type { Instant } from '../../domain/clock.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import { isEndState, type Migration } from '../../domain/migration.ts'
import type { MigrationSubject, NativePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'

/** An object of the memory catalog. */
export interface MemoryObject {
  readonly id: ObjectId
  readonly bucketId: Uuid
  readonly key: string
  generation: number
  placementVersion: number
  isPresent: boolean
  isQuarantined: boolean
  version: NonNullable<MigrationSubject['version']>
  reviewAt: number | null
}

/** A line of a migration's timeline. */
interface TimelineEntry {
  readonly event: string
  readonly from: string
  readonly to: string
  readonly worker: string
}

/** Everything the memory ledger knows; tests and simulations fill and read it. */
export interface MemoryCatalog {
  readonly buckets: Map<
    Uuid,
    Pick<Bucket, 'id' | 'name' | 'mode'> & { readonly encryptionRequired?: boolean }
  >
  readonly locations: Map<
    Uuid,
    Pick<Location, 'id' | 'storeId' | 'container'> & Partial<Pick<Location, 'storageClass'>>
  >
  readonly objects: Map<ObjectId, MemoryObject>
  readonly copies: Map<Uuid, Copy>
  readonly migrations: Map<Uuid, StoredMigration>
  readonly timeline: Map<Uuid, TimelineEntry[]>
  readonly announced: { readonly migrationId: Uuid; readonly state: string }[]
  /** The migration that made a copy. */
  readonly madeBy: Map<Uuid, Uuid>
  /** Deletions on their way, by copy: until when they may land, by the ledger's clock. */
  readonly deletionsInFlight: Map<Uuid, { readonly objectId: ObjectId; readonly landsUntil: Instant }>
}

/** A migration with what the ledger alone needs. */
export interface StoredMigration extends Migration {
  readonly leaseExpiresAt: number
  readonly notBefore: number
  readonly order: number
}

/** An empty catalog. */
export function emptyCatalog(): MemoryCatalog {
  return {
    buckets: new Map(),
    locations: new Map(),
    objects: new Map(),
    copies: new Map(),
    migrations: new Map(),
    timeline: new Map(),
    announced: [],
    madeBy: new Map(),
    deletionsInFlight: new Map(),
  }
}

/** For how long a deletion that was cut off may still take bytes of the object away, in milliseconds. */
export function deletionLandsInMs(catalog: MemoryCatalog, objectId: ObjectId, now: Instant): number {
  const lands = [...catalog.deletionsInFlight.values()].filter(one => one.objectId === objectId)
  return Math.max(0, ...lands.map(one => one.landsUntil - now))
}

/**
 * Whether an upload in parts that was to become the copy may be left at its store. The sweeper aborts it before it
 * keeps the copy. A migration that is under way may be about to note one.
 */
export function hasUploadLeft(catalog: MemoryCatalog, copyId: Uuid): boolean {
  const state = catalog.copies.get(copyId)?.state
  if (state !== 'staging' && state !== 'deleting') return false
  const made = catalog.migrations.get(catalog.madeBy.get(copyId) ?? '')
  if (made?.targetCopyId !== copyId) return false
  return made.evidence.uploadId != null || (state === 'staging' && !isEndState(made.state))
}

/** Copies of an object whose bytes lie in this place. */
export function copiesAt(catalog: MemoryCatalog, objectId: ObjectId, place: NativePlace): Copy[] {
  return [...catalog.copies.values()].filter(copy => {
    const location = catalog.locations.get(copy.locationId)
    return (
      copy.objectId === objectId &&
      copy.nativeKey === place.nativeKey &&
      location?.storeId === place.storeId &&
      location.container === place.container
    )
  })
}
