import type { BucketMode } from './bucket.ts'
import type { Bytes } from './bytes.ts'
import type { Instant } from './clock.ts'
import type { StoreEncryption } from './encryption.ts'
import type { HalfLife } from './half-life.ts'
import type { ObjectId, Uuid } from './identifiers.ts'
import type { Location } from './location.ts'
import type { PublicationReports } from './publication-way.ts'
import type { StoreKind, StoreState } from './store.ts'

/** What the catalog knows about an object's placement, without anything that depends on the time. */
export interface StoredPlacementFacts {
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly bucketName: string
  readonly bucketMode: BucketMode
  /** The policy of its bucket, or null while nothing may be moved. */
  readonly policyId: Uuid | null
  readonly key: string
  readonly generation: number
  readonly placementVersion: number
  readonly size: Bytes
  readonly latencySlaMs: number | null
  readonly pinnedLocationId: Uuid | null
  readonly pinnedUntil: Instant | null
  readonly quarantinedBecause: string | null
  /** The primary copy: where it is, since when, and whether nothing is known against it. */
  readonly copyId: Uuid
  readonly locationId: Uuid
  readonly enteredAt: Instant
  readonly copyIsSound: boolean
  /** The other complete copies of the present content. Left out: none. */
  readonly replicas?: readonly StoredReplica[]
  /** Null while nobody has accessed the object. */
  readonly heat: StoredHeat | null
  /** The encoded sliding windows of an object read in the last day; see heat/access-windows. */
  readonly windowRings: Uint8Array | null
  /** The migration that has not ended yet, if there is one. */
  readonly migrationId: Uuid | null
  /** The full location for which that migration waits, if a decision asked for it. Left out: it waits for none. */
  readonly waitsForRoomAt?: Uuid
}

/** A complete copy beside the primary one. */
export interface StoredReplica {
  readonly copyId: Uuid
  readonly locationId: Uuid
  readonly enteredAt: Instant
}

/** The heat row of an object: logarithms of forward-decayed sums (see heat/forward-decay) and counters. */
export interface StoredHeat {
  readonly lnHeat6h: number
  readonly lnHeat3d: number
  readonly lnHeat30d: number
  readonly reads: number
  readonly bytesRead: Bytes
  readonly firstAccessAt: Instant
  readonly lastAccessAt: Instant
}

/** How hot an object is at one moment, in the terms placement reasons in. */
export interface HeatReading {
  /** Reads per day by half-life. Range: finite, at least 0. */
  readonly readsPerDay: Readonly<Record<HalfLife, number>>
  /** Range: 0 to 100. */
  readonly heatScore: number
}

/** Everything a placement decision needs to know about one object at one moment. */
export interface PlacementFacts extends StoredPlacementFacts, HeatReading {}

/** A location as placement sees it: may it be used, and is there room. */
export interface PlacementLocation extends Location {
  readonly storeName: string
  readonly storeKind: StoreKind
  readonly storeState: StoreState
  /** Capacity minus what lies there and what is on its way; null when nobody set a capacity. */
  readonly freeBytes: Bytes | null
  /** Since when its store takes no more bytes: nothing new goes there. Null or left out: it has room. */
  readonly fullSince?: Instant | null
  /** It is being emptied: nothing new goes there, and what is there leaves. Left out: it is not. */
  readonly isRetiring?: boolean
  /** Whether its store encrypts. Null or left out: not known. */
  readonly encryption?: StoreEncryption | null
  /**
   * Larger new copies are read back, as their store reports no digest that proves them; 0: every one is. Null or left
   * out: none is.
   */
  readonly provenBytesMax?: Bytes | null
  /** Its store restores what lies in an archive. Left out: not known. */
  readonly canRestore?: boolean
}

/** What placement goes by of what a store can do, in the words of its adapter. */
export interface StoreKnowledge extends PublicationReports {
  readonly encryption: StoreEncryption
  /** What it does to restore an object of an archive; `none`: it cannot. */
  readonly archiveRestore: string
}
