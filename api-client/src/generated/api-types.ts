// Generated from docs/reference/openapi.json by tools/generate-reference.ts. Do not edit.

export type AccessEvent = {
  readonly objectId: string
  readonly bucket: string | null
  /** Null once the object is gone from the catalog */
  readonly key: string | null
  readonly operation: 'read' | 'head' | 'write' | 'delete'
  /** Model clock */
  readonly at: string
  readonly bytes: number
  readonly readerClass: 'application' | 'interactive' | 'analytics' | 'scan' | 'backup' | 'mover'
  readonly location: string | null
}

export type AccessKey = {
  readonly id: string
  readonly readerClass: 'application' | 'interactive' | 'analytics' | 'scan' | 'backup' | 'mover'
  /** Null: every bucket */
  readonly bucketIds: readonly (string)[] | null
  readonly mayWrite: boolean
  readonly createdAt: string
  readonly revokedAt: string | null
}

export type AccessKeyCreated = {
  readonly id: string
  readonly readerClass: 'application' | 'interactive' | 'analytics' | 'scan' | 'backup' | 'mover'
  /** Null: every bucket */
  readonly bucketIds: readonly (string)[] | null
  readonly mayWrite: boolean
  readonly createdAt: string
  readonly revokedAt: string | null
  readonly secretAccessKey: string
}

export type Activity = {
  readonly id: number
  readonly at: string
  /** noun.verb, for example plan.approved or migration.done */
  readonly kind: string
  /** What it happened to: a name or an id */
  readonly subject: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly principal: string
}

export type Alternative = {
  readonly locationId: string
  readonly locationName: string
  readonly tier: 'hot' | 'warm' | 'cold'
  readonly cost: PlacementCost | null
  readonly chosen: boolean
  readonly rejected: 'current' | 'other-tier-wanted' | 'latency-above-sla' | 'offline' | 'capacity' | 'pinned-elsewhere' | 'not-in-policy' | 'no-price' | 'more-expensive' | 'payback-too-long' | 'too-small-to-pay' | 'minimum-residence' | 'store-not-active' | 'same-container' | 'copy-there' | 'too-few-regions' | 'retiring' | 'not-encrypted' | 'decision-frozen' | null
  readonly paybackDays: number | null
}

export type Bucket = {
  readonly id: string
  readonly name: string
  readonly mode: 'observed' | 'shared' | 'exclusive'
  readonly writeLocation: Reference
  readonly policy: Reference | null
  readonly revision: number
  readonly createdAt: string
  readonly principal: string
}

export type Copy = {
  readonly id: string
  readonly location: Reference
  readonly tier: 'hot' | 'warm' | 'cold'
  readonly state: 'staging' | 'complete' | 'grace' | 'deleting' | 'retained' | 'suspect'
  readonly isPrimary: boolean
  readonly generation: number
  readonly size: number
  readonly nativeKey: string
  readonly storeEtag: string | null
  readonly storeVersionId: string | null
  /** Model clock */
  readonly enteredAt: string
  readonly graceUntil: string | null
  readonly verifiedAt: string | null
}

export type DeadLetter = {
  readonly id: string
  readonly source: string
  readonly partition: number | null
  readonly offset: number | null
  readonly reason: string
  /** As text where it is UTF-8, else as base64 */
  readonly payload: string
  readonly payloadEncoding: 'utf-8' | 'base64'
  readonly payloadBytes: number
  readonly receivedAt: string
  readonly replayedAt: string | null
}

export type Decision = {
  readonly id: string
  readonly planId: string
  readonly bucket: string
  readonly key: string
  readonly objectId: string
  readonly from: Reference
  readonly to: Reference
  readonly reason: 'heat-fell-below-band' | 'heat-rose-above-band' | 'already-in-wanted-tier' | 'inside-hysteresis' | 'minimum-residence' | 'too-small-to-pay' | 'payback-too-long' | 'pinned' | 'sla-requires-faster' | 'no-allowed-location' | 'bucket-observed' | 'migration-in-flight' | 'cheaper-in-tier' | 'would-cost-more' | 'location-not-allowed' | 'no-price' | 'quarantined' | 'copy-not-readable' | 'too-few-copies' | 'too-many-copies' | 'location-retiring' | 'encryption-required'
  readonly size: number
  /** Negative when it costs more, as promotions may */
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring */
  readonly monthlySavingStorageUsd: number
  /** Of it, requests, retrieval and egress, as expected at the heat of the decision */
  readonly monthlySavingReadsUsd: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
  readonly verdict: 'approved' | 'rejected' | 'outdated' | null
  readonly decidedAt: string
  readonly alternatives: readonly (Alternative)[]
  readonly inputs: DecisionInputs
}

export type DecisionInputs = {
  readonly size: number
  readonly heatPerDay: number
  readonly halfLife: '6h' | '3d' | '30d'
  readonly heatScore: number
  readonly readsPerMonthExpected: number
  readonly bytesPerRead: number
  readonly daysInLocation: number
  readonly priceBook: string
  readonly policy: string
  /** Model clock */
  readonly at: string
}

export type DecisionSummary = {
  readonly id: string
  readonly planId: string
  readonly bucket: string
  readonly key: string
  readonly objectId: string
  readonly from: Reference
  readonly to: Reference
  readonly reason: 'heat-fell-below-band' | 'heat-rose-above-band' | 'already-in-wanted-tier' | 'inside-hysteresis' | 'minimum-residence' | 'too-small-to-pay' | 'payback-too-long' | 'pinned' | 'sla-requires-faster' | 'no-allowed-location' | 'bucket-observed' | 'migration-in-flight' | 'cheaper-in-tier' | 'would-cost-more' | 'location-not-allowed' | 'no-price' | 'quarantined' | 'copy-not-readable' | 'too-few-copies' | 'too-many-copies' | 'location-retiring' | 'encryption-required'
  readonly size: number
  /** Negative when it costs more, as promotions may */
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring */
  readonly monthlySavingStorageUsd: number
  /** Of it, requests, retrieval and egress, as expected at the heat of the decision */
  readonly monthlySavingReadsUsd: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
  readonly verdict: 'approved' | 'rejected' | 'outdated' | null
  readonly decidedAt: string
}

export type EventLag = {
  readonly lagSeconds: number
  readonly lagMessages: number
  readonly partitions: readonly ({
    readonly source: string
    readonly partition: number
    readonly nextOffset: number
    readonly endOffset: number
    readonly lagMessages: number
    readonly eventsApplied: number
    readonly owner: string | null
    readonly lastEventAt: string | null
    readonly lastAppliedAt: string | null
  })[]
}

export type Explanation = {
  readonly objectId: string
  readonly bucket: string
  readonly key: string
  readonly size: number
  readonly location: Reference
  readonly tier: 'hot' | 'warm' | 'cold'
  readonly stays: boolean
  /** What should be done; null when it stays as it is */
  readonly change: 'move' | 'add-copy' | 'drop-copy' | 'reclassify' | null
  /** Where it goes, or where a copy is added or dropped; equal to location when it stays */
  readonly targetLocation: Reference
  readonly reason: 'heat-fell-below-band' | 'heat-rose-above-band' | 'already-in-wanted-tier' | 'inside-hysteresis' | 'minimum-residence' | 'too-small-to-pay' | 'payback-too-long' | 'pinned' | 'sla-requires-faster' | 'no-allowed-location' | 'bucket-observed' | 'migration-in-flight' | 'cheaper-in-tier' | 'would-cost-more' | 'location-not-allowed' | 'no-price' | 'quarantined' | 'copy-not-readable' | 'too-few-copies' | 'too-many-copies' | 'location-retiring' | 'encryption-required'
  /** The whole answer in a few sentences for a person */
  readonly summary: string
  readonly monthlySavingUsd: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
  readonly alternatives: readonly ({
    readonly locationId: string
    readonly locationName: string
    readonly tier: 'hot' | 'warm' | 'cold'
    readonly cost: PlacementCost | null
    readonly chosen: boolean
    readonly rejected: 'current' | 'other-tier-wanted' | 'latency-above-sla' | 'offline' | 'capacity' | 'pinned-elsewhere' | 'not-in-policy' | 'no-price' | 'more-expensive' | 'payback-too-long' | 'too-small-to-pay' | 'minimum-residence' | 'store-not-active' | 'same-container' | 'copy-there' | 'too-few-regions' | 'retiring' | 'not-encrypted' | 'decision-frozen' | null
    readonly paybackDays: number | null
    readonly explanation: string
  })[]
  /** The heat, the price or the date at which the answer would be another */
  readonly whatWouldChangeIt: readonly ({
    readonly kind: 'heat' | 'price' | 'date' | 'setting'
    readonly text: string
    /** Heat at which the answer changes */
    readonly heatPerDay: number | null
    readonly at: string | null
  })[]
  readonly inputs: DecisionInputs
  /** Model clock */
  readonly reviewAt: string
  readonly reviewReason: 'heat-crossing' | 'minimum-duration-ends' | 'minimum-residence-ends' | 'pin-expires' | 'maximum-interval' | 'promotion' | 'new-object' | 'requested' | 'policy-changed' | 'prices-changed' | 'migration-finished' | 'cap-reached'
  readonly migrationId: string | null
}

export type Health = {
  readonly status: 'ok' | 'failing'
  readonly checks?: readonly ({
    readonly name: string
    readonly ok: boolean
    readonly detail: string | null
    readonly seconds: number
  })[]
}

export type Heat = {
  /** One number to rank by: recency and frequency */
  readonly score: number
  /** Decayed rate with a half-life of 3 days */
  readonly perDay: number
  readonly access1h: number
  readonly access24h: number
  /** Since the object is known */
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly firstAccessAt: string | null
  readonly lastAccessAt: string | null
}

export type Import = {
  readonly id: string
  readonly bucket: Reference
  readonly location: Reference
  readonly prefix: string
  readonly state: 'running' | 'interrupted' | 'done' | 'failed'
  /** Everything up to here is in the catalog */
  readonly lastKey: string | null
  readonly objects: number
  readonly bytes: number
  /** Keys the catalog had already */
  readonly known: number
  readonly skipped: number
  readonly skippedBecause: Readonly<Record<string, {
    readonly count: number
    readonly example: string
  }>>
  /** Objects that others overwrote: the catalog follows */
  readonly changed: number
  /** Objects of an exclusive bucket whose bytes are not the ones of the catalog: nothing was changed */
  readonly conflicting: number
  /** Objects or copies that others removed: the catalog follows */
  readonly removed: number
  /** Copies that are gone but stay in the catalog: of an exclusive bucket, or too many at once */
  readonly missing: number
  /** The first 20 keys of each */
  readonly foreignKeys: {
    readonly changed?: readonly (string)[]
    readonly conflicting?: readonly (string)[]
    readonly removed?: readonly (string)[]
    readonly missing?: readonly (string)[]
  }
  /** More than half of the bucket is missing: nothing was removed before acceptRemovals says so */
  readonly removalsWithheld: boolean
  readonly error: string | null
  readonly startedAt: string
  readonly updatedAt: string
}

export type Location = {
  readonly id: string
  readonly name: string
  readonly store: Reference
  readonly container: string
  readonly storageClass: string | null
  readonly tier: 'hot' | 'warm' | 'cold'
  /** Entry of the price book */
  readonly priceId: string
  readonly region: string
  readonly firstByteMsP99: number
  readonly restoreHours: number | null
  readonly capacityBytes: number | null
  readonly usage: {
    readonly copies: number
    readonly bytes: number
  }
  /** Set while its store takes no more bytes: what would be copied there waits */
  readonly full: {
    readonly since: string
    /** Then a few migrations are sent ahead to try again */
    readonly until: string
    /** What its store said */
    readonly answer: string
  } | null
  readonly revision: number
  readonly createdAt: string
  readonly principal: string
}

export type LocationDetail = {
  readonly id: string
  readonly name: string
  readonly store: Reference
  readonly container: string
  readonly storageClass: string | null
  readonly tier: 'hot' | 'warm' | 'cold'
  /** Entry of the price book */
  readonly priceId: string
  readonly region: string
  readonly firstByteMsP99: number
  readonly restoreHours: number | null
  readonly capacityBytes: number | null
  readonly usage: {
    readonly copies: number
    readonly bytes: number
  }
  /** Set while its store takes no more bytes: what would be copied there waits */
  readonly full: {
    readonly since: string
    /** Then a few migrations are sent ahead to try again */
    readonly until: string
    /** What its store said */
    readonly answer: string
  } | null
  readonly revision: number
  readonly createdAt: string
  readonly principal: string
  readonly reservations: {
    /** Of planned migrations that have not begun to copy */
    readonly planned: number
    /** Of copies being written */
    readonly copying: number
    /** Of superseded copies, whole until their grace is over */
    readonly grace: number
    /** Of copies that are about to be deleted */
    readonly deleting: number
    /** Of bytes that nobody needs, by the ledger of orphans */
    readonly orphaned: number
    /** Of uploads in parts that are not complete */
    readonly uploading: number
  }
}

export type LocationPrice = {
  readonly id: string
  readonly provider: string
  readonly region: string
  readonly storageClass: string
  readonly bytesPerGb: number
  readonly storageUsdPerGbMonth: number
  readonly putUsdPer1000: number
  readonly getUsdPer1000: number
  readonly transitionInUsdPer1000: number
  readonly retrievalUsdPerGb: number
  readonly restoreUsdPer1000?: number
  readonly writeUsdPerGb: number
  readonly minimumStorageDays: number
  readonly minimumBillableBytes: number
  readonly overheadBytes: number
  readonly indexOverheadBytes: number
  readonly indexOverheadUsdPerGbMonth: number
  readonly monitoringUsdPer1000ObjectsMonth: number
  readonly monitoringMinimumBytes: number
  readonly egressUsdPerGb: number
  readonly interRegionUsdPerGb: number
  readonly firstByteMsP99: number | null
  readonly restoreHours: number | null
  readonly sources: Readonly<Record<string, string>>
  readonly note: string | null
}

export type Migration = {
  readonly id: string
  readonly kind: 'move' | 'add-copy' | 'drop-copy' | 'reclassify' | 'repair'
  readonly state: 'planned' | 'waiting-restore' | 'copying' | 'copied' | 'verifying' | 'verified' | 'switched' | 'grace' | 'deleting-source' | 'done' | 'aborted' | 'quarantined' | 'retained' | 'rolled-back'
  readonly direction: 'promotion' | 'demotion' | 'lateral'
  readonly bucket: string
  readonly key: string
  readonly objectId: string
  readonly generation: number
  readonly source: {
    readonly id: string
    readonly name: string
    /** Null once the location is removed */
    readonly tier: 'hot' | 'warm' | 'cold' | null
  }
  readonly target: {
    readonly id: string
    readonly name: string
    /** Null once the location is removed */
    readonly tier: 'hot' | 'warm' | 'cold' | null
  }
  readonly size: number
  readonly bytesCopied: number
  readonly priority: number
  readonly attempt: number
  readonly attemptsMax: number
  readonly paused: boolean
  readonly cancelRequested: boolean
  /** What a person stopped or paused, or which store refuses our credentials, that it rests for; `paused` is its own pause */
  readonly heldBy: readonly ('stop' | 'source-store' | 'target-store' | 'full-target' | 'plan')[]
  /** By when readers should get the target copy */
  readonly dueBy: string | null
  /** They did not by then */
  readonly overdue: boolean
  /** Who holds the lease */
  readonly worker: string | null
  readonly error: {
    readonly kind: string
    readonly message: string
  } | null
  /** A store does not answer it: since when, and how often it rested for that */
  readonly outage: {
    readonly since: string
    readonly rests: number
  } | null
  /** The source lies, or lay, in an archive: since when its restore is waited for, how often its store was asked for it and looked at */
  readonly restore: {
    readonly since: string
    readonly requests: number
    readonly looks: number
  } | null
  readonly verifiedBy: 'target-checksum' | 'read-back' | null
  readonly sha256: string | null
  readonly planId: string | null
  readonly decisionId: string | null
  readonly monthlySavingUsd: number | null
  readonly oneTimeUsd: number | null
  readonly graceUntil: string | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly nextAttemptAt: string | null
  readonly principal: string
  readonly can: {
    readonly pause: boolean
    readonly resume: boolean
    readonly cancel: boolean
    readonly retry: boolean
    readonly rollback: boolean
  }
}

export type MigrationDetail = {
  readonly id: string
  readonly kind: 'move' | 'add-copy' | 'drop-copy' | 'reclassify' | 'repair'
  readonly state: 'planned' | 'waiting-restore' | 'copying' | 'copied' | 'verifying' | 'verified' | 'switched' | 'grace' | 'deleting-source' | 'done' | 'aborted' | 'quarantined' | 'retained' | 'rolled-back'
  readonly direction: 'promotion' | 'demotion' | 'lateral'
  readonly bucket: string
  readonly key: string
  readonly objectId: string
  readonly generation: number
  readonly source: {
    readonly id: string
    readonly name: string
    /** Null once the location is removed */
    readonly tier: 'hot' | 'warm' | 'cold' | null
  }
  readonly target: {
    readonly id: string
    readonly name: string
    /** Null once the location is removed */
    readonly tier: 'hot' | 'warm' | 'cold' | null
  }
  readonly size: number
  readonly bytesCopied: number
  readonly priority: number
  readonly attempt: number
  readonly attemptsMax: number
  readonly paused: boolean
  readonly cancelRequested: boolean
  /** What a person stopped or paused, or which store refuses our credentials, that it rests for; `paused` is its own pause */
  readonly heldBy: readonly ('stop' | 'source-store' | 'target-store' | 'full-target' | 'plan')[]
  /** By when readers should get the target copy */
  readonly dueBy: string | null
  /** They did not by then */
  readonly overdue: boolean
  /** Who holds the lease */
  readonly worker: string | null
  readonly error: {
    readonly kind: string
    readonly message: string
  } | null
  /** A store does not answer it: since when, and how often it rested for that */
  readonly outage: {
    readonly since: string
    readonly rests: number
  } | null
  /** The source lies, or lay, in an archive: since when its restore is waited for, how often its store was asked for it and looked at */
  readonly restore: {
    readonly since: string
    readonly requests: number
    readonly looks: number
  } | null
  readonly verifiedBy: 'target-checksum' | 'read-back' | null
  readonly sha256: string | null
  readonly planId: string | null
  readonly decisionId: string | null
  readonly monthlySavingUsd: number | null
  readonly oneTimeUsd: number | null
  readonly graceUntil: string | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly nextAttemptAt: string | null
  readonly principal: string
  readonly can: {
    readonly pause: boolean
    readonly resume: boolean
    readonly cancel: boolean
    readonly retry: boolean
    readonly rollback: boolean
  }
  readonly timeline: readonly (MigrationStep)[]
}

export type MigrationStep = {
  readonly sequence: number
  readonly at: string
  readonly event: string
  readonly stateFrom: 'planned' | 'waiting-restore' | 'copying' | 'copied' | 'verifying' | 'verified' | 'switched' | 'grace' | 'deleting-source' | 'done' | 'aborted' | 'quarantined' | 'retained' | 'rolled-back'
  readonly stateTo: 'planned' | 'waiting-restore' | 'copying' | 'copied' | 'verifying' | 'verified' | 'switched' | 'grace' | 'deleting-source' | 'done' | 'aborted' | 'quarantined' | 'retained' | 'rolled-back'
  readonly worker: string
  readonly fencingToken: number
  /** Since the step before; null for the first */
  readonly secondsBefore: number | null
  /** Which try of the stage failed */
  readonly attempt: number | null
  readonly error: {
    readonly kind: string
    readonly message: string
  } | null
  /** When it is tried again */
  readonly restsUntil: string | null
  /** Of the bytes that were copied */
  readonly sha256: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

export type ObjectDetail = {
  readonly id: string
  readonly bucket: string
  readonly key: string
  readonly generation: number
  readonly size: number
  readonly contentType: string | null
  readonly lastModifiedAt: string
  /** Null when no good copy is left */
  readonly location: Reference | null
  readonly tier: 'hot' | 'warm' | 'cold' | null
  readonly state: 'settled' | 'pinned' | 'migrating' | 'quarantined'
  readonly heat: Heat
  readonly latencySlaMs: number | null
  readonly placementVersion: number
  readonly etag: string
  readonly sha256: string | null
  readonly sha256Source: string | null
  readonly crc64nvme: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly pinnedLocation: Reference | null
  readonly pinnedUntil: string | null
  readonly quarantinedBecause: string | null
  readonly copies: readonly (Copy)[]
  /** One entry per model day without gaps, oldest first */
  readonly daily: readonly ({
    readonly day: string
    readonly reads: number
    readonly bytes: number
  })[]
  /** The unfinished migration, if any */
  readonly migrationId: string | null
  readonly nextReviewAt: string | null
  readonly nextReviewReason: string | null
  readonly createdAt: string
  readonly principal: string
}

export type ObjectSummary = {
  readonly id: string
  readonly bucket: string
  readonly key: string
  readonly generation: number
  readonly size: number
  readonly contentType: string | null
  readonly lastModifiedAt: string
  /** Null when no good copy is left */
  readonly location: Reference | null
  readonly tier: 'hot' | 'warm' | 'cold' | null
  readonly state: 'settled' | 'pinned' | 'migrating' | 'quarantined'
  readonly heat: Heat
  readonly latencySlaMs: number | null
  /** Reads of each of the last 30 model days, oldest first; empty when there were none */
  readonly dailyReads: readonly (number)[]
}

export type Orphan = {
  readonly id: string
  readonly kind: 'dark' | 'forgotten' | 'retained' | 'suspect'
  readonly state: 'seen' | 'confirmed' | 'deleting' | 'deleted' | 'kept' | 'adopting' | 'adopted' | 'gone'
  readonly store: Reference
  readonly container: string
  readonly nativeKey: string
  readonly location: Reference | null
  readonly bucket: Reference | null
  readonly bytes: number
  /** What keeping them costs; null without a price */
  readonly monthlyUsd: number | null
  readonly objectId: string | null
  /** The copy, of a retained or suspect one */
  readonly copyId: string | null
  /** The migration of ours that brought them */
  readonly migrationId: string | null
  readonly reason: string
  /** What came of the last decision */
  readonly outcome: string | null
  readonly firstSeenAt: string
  readonly lastSeenAt: string
  readonly decidedAt: string | null
  readonly decidedBy: string | null
}

export type Overview = {
  readonly at: string
  readonly clock: {
    /** Model clock */
    readonly modelAt: string
    readonly scale: number
  }
  readonly total: {
    readonly objects: number
    readonly bytes: number
  }
  readonly tiers: readonly ({
    /** Objects whose primary copy lies here */
    readonly objects: number
    /** All copies, those in grace included */
    readonly copies: number
    /** Of all copies */
    readonly bytes: number
    /** Storage; null without a price */
    readonly usdPerMonth: number | null
    readonly tier: 'hot' | 'warm' | 'cold'
  })[]
  readonly locations: readonly ({
    readonly id: string
    readonly name: string
    /** Objects whose primary copy lies here */
    readonly objects: number
    /** All copies, those in grace included */
    readonly copies: number
    /** Of all copies */
    readonly bytes: number
    /** Storage; null without a price */
    readonly usdPerMonth: number | null
    readonly tier: 'hot' | 'warm' | 'cold'
    readonly store: string
    readonly capacityBytes: number | null
  })[]
  /** At the list prices of the price book */
  readonly cost: {
    readonly now: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** If everything lay in the cheapest hot location */
    readonly everythingHot: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** The sum of what the proposed plans say they save */
    readonly openPlansSave: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** What unfinished migrations will have saved once they end, their old copies included */
    readonly movesUnderWaySave: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** `now` − `openPlansSave` − `movesUnderWaySave`, part by part */
    readonly afterPlans: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    readonly readsCountedAt: string | null
    readonly readsCountedAtModel: string | null
    readonly priceBook: string | null
  }
  readonly events: {
    readonly perSecond: number
    readonly applied: number
    readonly lagSeconds: number
    readonly lagMessages: number
    readonly deadLetters: number
  }
  readonly migrations: {
    /** A worker holds its lease */
    readonly inFlight: number
    readonly unfinished: number
    readonly paused: number
    /** Unfinished only */
    readonly byState: Readonly<Record<string, number>>
    readonly doneLastHour: number
    /** Quarantined, or aborted by an error; not what was cancelled or overtaken by a write */
    readonly failedLastHour: number
    /** Wait for a person now; counted up to 10,000 */
    readonly quarantined: number
    /** Everything is stopped; null while it is not */
    readonly stop: {
      readonly at: string
      readonly reason: string
      readonly principal: string
    } | null
    readonly pausedStores: readonly ({
      readonly at: string
      readonly reason: string | null
      readonly principal: string | null
      readonly id: string
      /** Of the store, or of the policy the plan was made from */
      readonly name: string
    })[]
    readonly pausedPlans: readonly ({
      readonly at: string
      readonly reason: string | null
      readonly principal: string | null
      readonly id: string
      /** Of the store, or of the policy the plan was made from */
      readonly name: string
    })[]
    /** Their plan or one of their stores is paused */
    readonly held: number
    /** Unfinished and past their deadline */
    readonly overdue: number
    /** Not switched yet */
    readonly left: {
      readonly migrations: number
      readonly bytes: number
    }
    readonly throughput: {
      readonly objectsPerSecond: number
      readonly bytesPerSecond: number
      /** How long was measured; 0 when nothing was moved */
      readonly measuredSeconds: number
    }
    readonly end: {
      readonly seconds: number | null
      readonly at: string | null
      /** stopped: everything is; paused: all that is left is; restoring: all that is left waits for its store to restore it; measuring: too short a time; not-moving: no progress in the last minute */
      readonly unknownBecause: 'stopped' | 'paused' | 'restoring' | 'measuring' | 'not-moving' | null
    }
  }
  readonly plans: {
    readonly proposed: number
    readonly proposedSavingUsd: number
  }
  readonly latestDecisions: readonly (DecisionSummary)[]
  /** The last hour at most, oldest first */
  readonly series: readonly (OverviewPoint)[]
}

export type OverviewPoint = {
  readonly at: string
  /** Model clock */
  readonly modelAt: string
  readonly eventsPerSecond: number
  readonly lagSeconds: number
  readonly migrationsInFlight: number
  /** Over the minute before */
  readonly objectsMovedPerSecond: number
  readonly bytesMovedPerSecond: number
  /** Storage */
  readonly usdPerMonth: number | null
  readonly bytesByTier: {
    readonly hot: number
    readonly warm: number
    readonly cold: number
  }
}

export type OverviewTick = {
  readonly at: string
  readonly clock: {
    /** Model clock */
    readonly modelAt: string
    readonly scale: number
  }
  readonly total: {
    readonly objects: number
    readonly bytes: number
  }
  readonly tiers: readonly ({
    /** Objects whose primary copy lies here */
    readonly objects: number
    /** All copies, those in grace included */
    readonly copies: number
    /** Of all copies */
    readonly bytes: number
    /** Storage; null without a price */
    readonly usdPerMonth: number | null
    readonly tier: 'hot' | 'warm' | 'cold'
  })[]
  readonly locations: readonly ({
    readonly id: string
    readonly name: string
    /** Objects whose primary copy lies here */
    readonly objects: number
    /** All copies, those in grace included */
    readonly copies: number
    /** Of all copies */
    readonly bytes: number
    /** Storage; null without a price */
    readonly usdPerMonth: number | null
    readonly tier: 'hot' | 'warm' | 'cold'
    readonly store: string
    readonly capacityBytes: number | null
  })[]
  /** At the list prices of the price book */
  readonly cost: {
    readonly now: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** If everything lay in the cheapest hot location */
    readonly everythingHot: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** The sum of what the proposed plans say they save */
    readonly openPlansSave: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** What unfinished migrations will have saved once they end, their old copies included */
    readonly movesUnderWaySave: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    /** `now` − `openPlansSave` − `movesUnderWaySave`, part by part */
    readonly afterPlans: {
      /** Storage and monitoring, exact at list prices; null where a price is missing */
      readonly storageUsdPerMonth: number | null
      /** Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted */
      readonly readsUsdPerMonth: number | null
      /** The sum of the two; null where one is */
      readonly totalUsdPerMonth: number | null
    }
    readonly readsCountedAt: string | null
    readonly readsCountedAtModel: string | null
    readonly priceBook: string | null
  }
  readonly events: {
    readonly perSecond: number
    readonly applied: number
    readonly lagSeconds: number
    readonly lagMessages: number
    readonly deadLetters: number
  }
  readonly migrations: {
    /** A worker holds its lease */
    readonly inFlight: number
    readonly unfinished: number
    readonly paused: number
    /** Unfinished only */
    readonly byState: Readonly<Record<string, number>>
    readonly doneLastHour: number
    /** Quarantined, or aborted by an error; not what was cancelled or overtaken by a write */
    readonly failedLastHour: number
    /** Wait for a person now; counted up to 10,000 */
    readonly quarantined: number
    /** Everything is stopped; null while it is not */
    readonly stop: {
      readonly at: string
      readonly reason: string
      readonly principal: string
    } | null
    readonly pausedStores: readonly ({
      readonly at: string
      readonly reason: string | null
      readonly principal: string | null
      readonly id: string
      /** Of the store, or of the policy the plan was made from */
      readonly name: string
    })[]
    readonly pausedPlans: readonly ({
      readonly at: string
      readonly reason: string | null
      readonly principal: string | null
      readonly id: string
      /** Of the store, or of the policy the plan was made from */
      readonly name: string
    })[]
    /** Their plan or one of their stores is paused */
    readonly held: number
    /** Unfinished and past their deadline */
    readonly overdue: number
    /** Not switched yet */
    readonly left: {
      readonly migrations: number
      readonly bytes: number
    }
    readonly throughput: {
      readonly objectsPerSecond: number
      readonly bytesPerSecond: number
      /** How long was measured; 0 when nothing was moved */
      readonly measuredSeconds: number
    }
    readonly end: {
      readonly seconds: number | null
      readonly at: string | null
      /** stopped: everything is; paused: all that is left is; restoring: all that is left waits for its store to restore it; measuring: too short a time; not-moving: no progress in the last minute */
      readonly unknownBecause: 'stopped' | 'paused' | 'restoring' | 'measuring' | 'not-moving' | null
    }
  }
  readonly plans: {
    readonly proposed: number
    readonly proposedSavingUsd: number
  }
  readonly point: OverviewPoint | null
}

export type PlacementCost = {
  readonly storageUsdPerMonth: number
  readonly readRequestsUsdPerMonth: number
  readonly retrievalUsdPerMonth: number
  readonly egressUsdPerMonth: number
  readonly monitoringUsdPerMonth: number
  readonly totalUsdPerMonth: number
  readonly transitionUsd: number
  readonly sourceRetrievalUsd: number
  readonly sourceEgressUsd: number
  readonly earlyDeletionUsd: number
  readonly graceStorageUsd: number
  /** Reading the new copy back, where the policy asks for it or its store reports no digest that proves it */
  readonly verificationUsd: number
  readonly oneTimeUsd: number
}

export type Plan = {
  readonly id: string
  readonly state: 'proposed' | 'approved' | 'applied' | 'rejected' | 'superseded'
  readonly approval: 'person' | 'automatic'
  readonly policy: {
    readonly id: string
    readonly name: string
    readonly revision: number
  }
  readonly priceBook: Reference
  readonly objects: number
  readonly bytes: number
  /** Negative when it costs more, as promotions may */
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring */
  readonly monthlySavingStorageUsd: number
  /** Of it, requests, retrieval and egress, as expected at the heat of the decision */
  readonly monthlySavingReadsUsd: number
  readonly oneTimeUsd: number
  /** Null when it never pays back */
  readonly paybackDays: number | null
  readonly createdAt: string
  readonly decidedAt: string | null
  readonly decidedBy: string | null
  /** When the last of its migrations ended */
  readonly appliedAt: string | null
  /** What came of it; null until it is applied */
  readonly outcome: {
    /** By how they ended */
    readonly migrations: Readonly<Record<string, number>>
    /** Of the migrations that are done, as decided */
    readonly monthlySavingUsd: number
  } | null
  /** Null unless it is paused */
  readonly pause: {
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
  } | null
  /** Of its migrations; null: as the policy says */
  readonly priority: number | null
  /** By when readers should get every target copy */
  readonly dueBy: string | null
  /** When its deadline was missed */
  readonly overdueSince: string | null
  readonly principal: string
}

export type PlanDetail = {
  readonly id: string
  readonly state: 'proposed' | 'approved' | 'applied' | 'rejected' | 'superseded'
  readonly approval: 'person' | 'automatic'
  readonly policy: {
    readonly id: string
    readonly name: string
    readonly revision: number
  }
  readonly priceBook: Reference
  readonly objects: number
  readonly bytes: number
  /** Negative when it costs more, as promotions may */
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring */
  readonly monthlySavingStorageUsd: number
  /** Of it, requests, retrieval and egress, as expected at the heat of the decision */
  readonly monthlySavingReadsUsd: number
  readonly oneTimeUsd: number
  /** Null when it never pays back */
  readonly paybackDays: number | null
  readonly createdAt: string
  readonly decidedAt: string | null
  readonly decidedBy: string | null
  /** When the last of its migrations ended */
  readonly appliedAt: string | null
  /** What came of it; null until it is applied */
  readonly outcome: {
    /** By how they ended */
    readonly migrations: Readonly<Record<string, number>>
    /** Of the migrations that are done, as decided */
    readonly monthlySavingUsd: number
  } | null
  /** Null unless it is paused */
  readonly pause: {
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
  } | null
  /** Of its migrations; null: as the policy says */
  readonly priority: number | null
  /** By when readers should get every target copy */
  readonly dueBy: string | null
  /** When its deadline was missed */
  readonly overdueSince: string | null
  readonly principal: string
  /** Null when everything can be read at once */
  readonly restore: {
    readonly objects: number
    readonly bytes: number
    /** How long an ordinary restore takes */
    readonly hoursMax: number
    /** Of `oneTimeUsd`, the requests to restore and the retrieval, at list prices */
    readonly usd: number
  } | null
}

export type PlanStatus = {
  readonly planId: string
  readonly stop: {
    readonly at: string
    readonly reason: string
    readonly principal: string
  } | null
  readonly pause: {
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
  } | null
  readonly priority: number | null
  readonly dueBy: string | null
  /** When its deadline was missed */
  readonly overdueSince: string | null
  /** All its migrations; more may follow while it is applied */
  readonly total: {
    readonly migrations: number
    readonly bytes: number
  }
  /** Switched: readers get the target copy */
  readonly moved: {
    readonly migrations: number
    readonly bytes: number
  }
  /** Quarantined, aborted or rolled back */
  readonly failed: {
    readonly migrations: number
    readonly bytes: number
  }
  readonly at: string
  readonly byState: Readonly<Record<string, {
    readonly migrations: number
    readonly bytes: number
  }>>
  /** Not switched yet: readers still get the source copy */
  readonly left: {
    readonly migrations: number
    readonly bytes: number
  }
  /** A worker holds their lease */
  readonly inFlight: number
  /** Paused one by one */
  readonly paused: number
  /** Their plan or one of their stores is paused, or a store refuses our credentials */
  readonly held: number
  /** Unfinished and past their deadline */
  readonly overdue: number
  /** Wait for their next try, by kind of error */
  readonly resting: readonly ({
    /** Of the last error */
    readonly kind: string
    readonly migrations: number
    /** Of the first of them */
    readonly nextAttemptAt: string
  })[]
  readonly throughput: {
    readonly objectsPerSecond: number
    readonly bytesPerSecond: number
    /** How long was measured; 0 when nothing was moved */
    readonly measuredSeconds: number
  }
  readonly end: {
    readonly seconds: number | null
    readonly at: string | null
    /** stopped: everything is; paused: all that is left is; restoring: all that is left waits for its store to restore it; measuring: too short a time; not-moving: no progress in the last minute */
    readonly unknownBecause: 'stopped' | 'paused' | 'restoring' | 'measuring' | 'not-moving' | null
  }
}

export type PlanFidelity = {
  readonly planId: string
  /** Looked at: 20,000 at most */
  readonly objects: number
  /** Of them, objects whose stores could not be opened */
  readonly unjudged: number
  readonly reasons: readonly ({
    readonly reason: 'facts-not-read' | 'metadata-not-kept' | 'metadata-too-large' | 'tags-not-kept' | 'too-many-tags' | 'own-dates' | 'old-versions-stay' | 'not-encrypted' | 'locked'
    readonly aspect: 'metadata' | 'tags' | 'dates' | 'encryption' | 'versions' | 'lock' | 'facts'
    /** catalog: readers get it through us, the copy has it not. source: it stays there. unknown: it is read when the object is copied. refused: the move ends before anything is written */
    readonly fate: 'catalog' | 'source' | 'unknown' | 'refused'
    readonly text: string
    readonly objects: number
    readonly examples: readonly ({
      readonly bucket: string
      readonly key: string
    })[]
  })[]
}

export type Policy = {
  readonly id: string
  readonly name: string
  /** A policy document with apiVersion and kind */
  readonly spec: Readonly<Record<string, unknown>>
  /** Buckets placed by it */
  readonly buckets: readonly (string)[]
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly principal: string
}

export type PriceBook = {
  readonly id: string
  readonly name: string
  readonly effectiveFrom: string
  readonly currency: string
  readonly daysPerMonth: number
  readonly sources: Readonly<Record<string, string>>
  readonly locations: readonly (LocationPrice)[]
  readonly isCurrent: boolean
  readonly createdAt: string
  readonly principal: string
}

export type ReconcileFinding = {
  readonly verdict: 'dark' | 'forgotten' | 'missing' | 'changed' | 'followed' | 'parts'
  readonly nativeKey: string
  readonly objectId: string | null
  readonly bytes: number
  readonly detail: string
}

export type ReconcileRun = {
  readonly id: string
  readonly location: Reference
  readonly container: string
  readonly prefix: string
  /** Where the manifest of an inventory lies that S3, Azure or Google wrote; null: our own listing of the container */
  readonly inventory: {
    readonly storeId: string
    readonly container: string
    readonly key: string
  } | null
  readonly deletes: boolean
  readonly apartHours: number
  readonly state: 'running' | 'interrupted' | 'done' | 'failed'
  readonly phase: 'reading' | 'unseen' | 'leftovers' | 'deleting'
  /** When the inventory was taken */
  readonly takenAt: string | null
  readonly counts: {
    /** Entries of the inventory */
    readonly listed: number
    readonly listedBytes: number
    /** Entries that are as the catalog says */
    readonly known: number
    /** Entries with which a write or a move of ours is not finished */
    readonly underWay: number
    /** Entries the catalog knows nothing of */
    readonly dark: number
    readonly darkBytes: number
    /** Entries that say we made them, where the catalog knows no copy */
    readonly forgotten: number
    readonly forgottenBytes: number
    /** Copies of an exclusive bucket that are gone: suspect now */
    readonly missing: number
    readonly missingBytes: number
    /** Copies of an exclusive bucket whose bytes are other ones: suspect now */
    readonly changed: number
    /** Changes by others that the catalog has followed */
    readonly followed: number
    /** Copies left to the next run */
    readonly unsettled: number
    /** Uploads in parts, older than a day, that nobody needs */
    readonly parts: number
    /** Of them, those of moves of ours that have ended: aborted */
    readonly partsAborted: number
    /** Retained and suspect copies */
    readonly leftovers: number
    /** Orphans that two scans saw, far enough apart */
    readonly confirmed: number
    readonly deleted: number
    readonly deletedBytes: number
    /** Confirmed orphans that were not deleted because of a cap or a check */
    readonly withheld: number
  }
  readonly error: string | null
  readonly startedAt: string
  readonly updatedAt: string
  readonly finishedAt: string | null
  readonly principal: string
}

export type QueueStatus = {
  /** Everything is stopped; null while it is not */
  readonly stop: {
    readonly at: string
    readonly reason: string
    readonly principal: string
  } | null
  /** Those that refuse our credentials among them */
  readonly pausedStores: readonly ({
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
    readonly id: string
    /** Of the store, or of the policy the plan was made from */
    readonly name: string
  })[]
  readonly pausedPlans: readonly ({
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
    readonly id: string
    /** Of the store, or of the policy the plan was made from */
    readonly name: string
  })[]
  readonly at: string
  readonly byState: Readonly<Record<string, {
    readonly migrations: number
    readonly bytes: number
  }>>
  /** Not switched yet: readers still get the source copy */
  readonly left: {
    readonly migrations: number
    readonly bytes: number
  }
  /** A worker holds their lease */
  readonly inFlight: number
  /** Paused one by one */
  readonly paused: number
  /** Their plan or one of their stores is paused, or a store refuses our credentials */
  readonly held: number
  /** Unfinished and past their deadline */
  readonly overdue: number
  /** Wait for their next try, by kind of error */
  readonly resting: readonly ({
    /** Of the last error */
    readonly kind: string
    readonly migrations: number
    /** Of the first of them */
    readonly nextAttemptAt: string
  })[]
  readonly throughput: {
    readonly objectsPerSecond: number
    readonly bytesPerSecond: number
    /** How long was measured; 0 when nothing was moved */
    readonly measuredSeconds: number
  }
  readonly end: {
    readonly seconds: number | null
    readonly at: string | null
    /** stopped: everything is; paused: all that is left is; restoring: all that is left waits for its store to restore it; measuring: too short a time; not-moving: no progress in the last minute */
    readonly unknownBecause: 'stopped' | 'paused' | 'restoring' | 'measuring' | 'not-moving' | null
  }
}

export type Reference = {
  readonly id: string
  readonly name: string
}

export type Retirement = {
  readonly location: string
  readonly state: 'in-use' | 'retiring' | 'empty'
  readonly since: string | null
  readonly principal: string | null
  /** Every copy there, those in grace and retained ones included */
  readonly left: {
    readonly copies: number
    readonly bytes: number
  }
  /** Requests, retrieval and egress over the internet for what is left, at most; null without a price */
  readonly readOutUsd: number | null
  /** What has to be restored before it is read; null where copies are online */
  readonly restore: {
    readonly copies: number
    /** How long an ordinary restore takes */
    readonly hoursMax: number
    /** Of `readOutUsd`, the requests to restore and the retrieval; null without a price */
    readonly usd: number | null
    /** Whether the store restores objects; null when it cannot be opened */
    readonly isPossible: boolean | null
  } | null
  /** What keeping it costs */
  readonly storageUsdPerMonth: number | null
  readonly unfinishedMigrations: number
  /** Objects that a person pinned there stay */
  readonly pinned: number
  /** Buckets whose new objects are written there */
  readonly writtenBy: readonly (string)[]
}

export type ScrubStatus = {
  /** waiting: no process with the role scrubber took its turn within the last minute */
  readonly state: 'working' | 'waiting' | 'paused'
  readonly pause: {
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
  } | null
  /** Of the process that had the last turn */
  readonly settings: Readonly<Record<string, unknown>>
  /** The copy that nobody looked at or proved for the longest time; null while one never was */
  readonly oldestLookAt: string | null
  /** Kept in all places, in every state */
  readonly copies: number
  /** Complete ones that nobody looked at or proved for the interval in force (ever, while none is known), up to 100,000; counted anew so seldom that counting takes at most a hundredth of the time */
  readonly dueCopies: number
  /** Found bad, and not repaired yet */
  readonly badCopies: number
  /** Without a good copy, up to 10,000; a person must look */
  readonly quarantinedObjects: number
  readonly today: {
    /** Of the machine’s clock, UTC */
    readonly day: string
    readonly copies: number
    readonly bytes: number
    /** Requests, retrieval and egress at list prices */
    readonly usd: number
    readonly verdicts: Readonly<Record<string, number>>
  }
  readonly days: readonly ({
    /** Of the machine’s clock, UTC */
    readonly day: string
    readonly copies: number
    readonly bytes: number
    /** Requests, retrieval and egress at list prices */
    readonly usd: number
    readonly verdicts: Readonly<Record<string, number>>
  })[]
}

export type Session = {
  readonly principal: string
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

export type Simulation = {
  readonly id: string
  readonly kind: 'burst'
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  readonly bucket: string
  readonly keys: readonly (string)[] | null
  readonly prefix: string | null
  readonly reads: number
  readonly seconds: number
  readonly seed: number
  readonly readsDone: number
  readonly bytesDone: number
  readonly errors: number
  readonly error: string | null
  readonly createdAt: string
  readonly finishedAt: string | null
  readonly principal: string
}

export type Store = {
  readonly id: string
  readonly name: string
  readonly kind: 'azure-blob' | 'filesystem' | 'gcs' | 'memory' | 's3'
  readonly state: 'active' | 'paused' | 'auth-failed'
  readonly settings: Readonly<Record<string, unknown>>
  readonly hasCredentials: boolean
  /** What background work may ask of it per second; the first window that is open holds */
  readonly budget: readonly ({
    readonly from?: string
    /** Before `from`, the window goes over midnight */
    readonly to?: string
    /** Default: UTC */
    readonly timeZone?: string
    readonly bytesPerSecond?: number
    readonly requestsPerSecond?: number
  })[]
  /** Background requests a process may have under way, each way; null: up to 256 */
  readonly requestsAtOnceMax: number | null
  /** Whether faults on purpose may be held here */
  readonly isForDrills: boolean
  /** Faults on purpose that are held now */
  readonly drill: {
    readonly rules: readonly ({
      readonly fault: 'refused' | 'delayed' | 'hangs' | 'answer-lost' | 'write-lost' | 'flips' | 'truncates' | 'cut' | 'stale' | 'wrong-digest'
      readonly on?: readonly ('head' | 'get' | 'put' | 'delete' | 'list' | 'copyWithin' | 'changeStorageClass' | 'restore' | 'multipart.create' | 'multipart.putPart' | 'multipart.complete' | 'multipart.abort')[]
      readonly keyPrefix?: string
      readonly probability?: number
      readonly nth?: number
      readonly delayMs?: number
      readonly refusal?: 'throttled' | 'unreachable' | 'timeout' | 'unexpected' | 'access-denied' | 'store-full'
    })[]
    readonly seed: string
    readonly until: string
  } | null
  /** Null unless it is paused */
  readonly pause: {
    readonly at: string
    readonly reason: string | null
    readonly principal: string | null
  } | null
  /** Null unless it refuses our credentials, which `auth-failed` says */
  readonly refusal: {
    readonly at: string
    readonly answer: string | null
  } | null
  readonly revision: number
  readonly createdAt: string
  readonly principal: string
}

export type StoreProbe = {
  readonly reachable: boolean
  readonly container: string | null
  readonly latencySeconds: number
  /** What this store can do beyond head, get, put, list and delete */
  readonly capabilities: Readonly<Record<string, unknown>> | null
  readonly error: {
    /** unreachable, access-denied, container-not-found … */
    readonly kind: string
    readonly message: string
  } | null
}

export type StoreFindings = {
  readonly container: string | null
  /** The server’s name, where it is known */
  readonly vendor: string | null
  /** What is known of this server, a sentence each */
  readonly notes: readonly (string)[]
  /** The settings that were found out, and are the store’s now; null when it failed */
  readonly settings: Readonly<Record<string, unknown>> | null
  /** Whether the store had other settings before */
  readonly isChanged: boolean
  readonly error: {
    /** unreachable, access-denied, container-not-found … */
    readonly kind: string
    readonly message: string
  } | null
}

export type Token = {
  readonly id: string
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'admin'
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly principal: string
}

export type TokenCreated = {
  readonly id: string
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'admin'
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly principal: string
  readonly token: string
}

export type Undo = {
  readonly undoes: string
  readonly kind: 'move' | 'add-copy' | 'drop-copy' | 'reclassify' | 'repair'
  readonly key: string
  /** Of a dropped copy, the location of the one that stays */
  readonly target: Reference
  readonly oneTimeUsd: number
  /** Below 0 where the former place costs more */
  readonly monthlySavingUsd: number
  /** Null while it is only proposed */
  readonly migrationId: string | null
}

export type Validation = {
  readonly valid: boolean
  readonly errors: readonly ({
    readonly field: string
    readonly message: string
  })[]
}

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Path of the request */
  readonly instance: string
  readonly code: string
  readonly errors?: readonly ({
    /** Where in the request, as a JSON pointer */
    readonly field: string
    readonly message: string
  })[]
}

/** Every route with what it takes and what it answers. */
export interface Operations {
  /** Whether the process answers */
  'GET /livez': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: Health
  }
  /** Whether the process can do its work */
  'GET /readyz': {
    path: undefined
    query: { verbose?: string }
    headers: undefined
    body: undefined
    answer: Health
  }
  /** Metrics in the Prometheus text format */
  'GET /metrics': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: string
  }
  /** Sign a browser in with a token: sets a cookie */
  'POST /v1/session': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      readonly token: string
    }
    answer: Session
  }
  /** Who the caller is and what its role is */
  'GET /v1/session': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: Session
  }
  /** Sign the browser out */
  'DELETE /v1/session': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: undefined
  }
  /** The state of everything, with the series of the last hour */
  'GET /v1/overview': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: Overview
  }
  /** Server-sent events: activity (resumed by Last-Event-ID) and overview once a second */
  'GET /v1/stream': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: string
  }
  /** What happened, newest first */
  'GET /v1/activity': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Activity)[]
      readonly nextCursor: string | null
    }
  }
  /** Search objects */
  'GET /v1/objects': {
    path: undefined
    query: { cursor?: string; limit?: number; bucket?: string; prefix?: string; tier?: 'hot' | 'warm' | 'cold'; location?: string; state?: 'settled' | 'pinned' | 'migrating' | 'quarantined'; minHeat?: number; sort?: 'key' | 'heat' | 'size' | 'lastAccess' }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (ObjectSummary)[]
      readonly nextCursor: string | null
    }
  }
  /** One object: copies, counters, heat and daily reads; encode the key, slashes included */
  'GET /v1/objects/{bucket}/{key}': {
    path: { bucket: string; key: string }
    query: { days?: number }
    headers: undefined
    body: undefined
    answer: ObjectDetail
  }
  /** Pin an object to a location or set its latency SLA */
  'PATCH /v1/objects/{bucket}/{key}': {
    path: { bucket: string; key: string }
    query: undefined
    headers: undefined
    body: {
      readonly latencySlaMs?: number | null
      readonly pin?: {
        readonly locationId: string
        readonly until?: string | null
      } | null
    }
    answer: ObjectDetail
  }
  /** Where an object is, why, what each alternative costs and what would change it */
  'GET /v1/objects/{bucket}/{key}/explanation': {
    path: { bucket: string; key: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Explanation
  }
  /** Plans, newest first */
  'GET /v1/plans': {
    path: undefined
    query: { cursor?: string; limit?: number; state?: 'proposed' | 'approved' | 'applied' | 'rejected' | 'superseded' }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Plan)[]
      readonly nextCursor: string | null
    }
  }
  /** One plan */
  'GET /v1/plans/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: PlanDetail
  }
  /** Set the priority or the deadline of a plan and of its unfinished migrations */
  'PATCH /v1/plans/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: {
      /** Higher goes first */
      readonly priority?: number
      /** By when readers should get the target copy, in the future; earlier goes first within a priority */
      readonly dueBy?: string | null
    }
    answer: Plan
  }
  /** How far the migrations of a plan are: how much, how fast, until when, what keeps them */
  'GET /v1/plans/{id}/status': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: PlanStatus
  }
  /** What the moves of a plan could not take along: metadata, tags, versions, locks, encryption */
  'GET /v1/plans/{id}/fidelity': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: PlanFidelity
  }
  /** The decisions of a plan in the order they were made */
  'GET /v1/plans/{id}/decisions': {
    path: { id: string }
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (DecisionSummary)[]
      readonly nextCursor: string | null
    }
  }
  /** Approve a proposed plan, less the decisions excepted: its migrations begin */
  'POST /v1/plans/{id}/approve': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      /** Decisions of the plan that are rejected */
      readonly exceptDecisionIds?: readonly (string)[]
    }
    answer: Plan
  }
  /** Reject a proposed plan with all its decisions */
  'POST /v1/plans/{id}/reject': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Plan
  }
  /** One decision with its alternatives and inputs */
  'GET /v1/decisions/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Decision
  }
  /** The queue of migrations: how much, how fast, until when, and what keeps it */
  'GET /v1/migrations/status': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: QueueStatus
  }
  /** Stop every migration everywhere until somebody resumes them; the first reason stays */
  'POST /v1/migrations/stop': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly reason: string
    }
    answer: QueueStatus
  }
  /** Let migrations go on that were stopped all at once; what is paused by itself stays paused */
  'POST /v1/migrations/resume': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: QueueStatus
  }
  /** Migrations, newest first */
  'GET /v1/migrations': {
    path: undefined
    query: { cursor?: string; limit?: number; state?: 'planned' | 'waiting-restore' | 'copying' | 'copied' | 'verifying' | 'verified' | 'switched' | 'grace' | 'deleting-source' | 'done' | 'aborted' | 'quarantined' | 'retained' | 'rolled-back'; active?: string; direction?: 'promotion' | 'demotion' | 'lateral'; bucket?: string; objectId?: string; planId?: string; store?: string; overdue?: string; paused?: string; errorKind?: string }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Migration)[]
      readonly nextCursor: string | null
    }
  }
  /** One migration with its timeline */
  'GET /v1/migrations/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: MigrationDetail
  }
  /** Set the priority or the deadline of an unfinished migration */
  'PATCH /v1/migrations/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: {
      /** Higher goes first */
      readonly priority?: number
      /** By when readers should get the target copy, in the future; earlier goes first within a priority */
      readonly dueBy?: string | null
    }
    answer: Migration
  }
  /** The migration that undoes one whose grace is over, with its price; planned with `apply` */
  'POST /v1/migrations/{id}/undo': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly apply?: boolean
    }
    answer: Undo
  }
  /** Pause a migration; its worker stops at the next step */
  'POST /v1/migrations/{id}/pause': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: MigrationDetail
  }
  /** Let a paused migration go on */
  'POST /v1/migrations/{id}/resume': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: MigrationDetail
  }
  /** End a migration before its switch; the source stays */
  'POST /v1/migrations/{id}/cancel': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: MigrationDetail
  }
  /** Plan an aborted or quarantined migration anew; delete a retained source again */
  'POST /v1/migrations/{id}/retry': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: MigrationDetail
  }
  /** Make the source copy, still in grace, primary again */
  'POST /v1/migrations/{id}/rollback': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: MigrationDetail
  }
  /** Take up no migration that reads or writes in a store; running ones rest within seconds */
  'POST /v1/stores/{id}/pause': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly reason?: string
    }
    answer: Store
  }
  /** Let migrations of a store go on that was paused or refused our credentials */
  'POST /v1/stores/{id}/resume': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: Store
  }
  /** Take up no migration of a plan, now or when it is approved; running ones rest within seconds */
  'POST /v1/plans/{id}/pause': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly reason?: string
    }
    answer: Plan
  }
  /** Let migrations of a paused plan go on */
  'POST /v1/plans/{id}/resume': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: Plan
  }
  /** The newest access events */
  'GET /v1/events': {
    path: undefined
    query: { limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (AccessEvent)[]
    }
  }
  /** How far the event log is read, per partition */
  'GET /v1/events/lag': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: EventLag
  }
  /** What could not be understood, newest first, with the reason */
  'GET /v1/dead-letters': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (DeadLetter)[]
      readonly nextCursor: string | null
    }
  }
  /** One dead letter with its whole payload */
  'GET /v1/dead-letters/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: {
      readonly id: string
      readonly source: string
      readonly partition: number | null
      readonly offset: number | null
      readonly reason: string
      /** As text where it is UTF-8, else as base64 */
      readonly payload: string
      readonly payloadEncoding: 'utf-8' | 'base64'
      readonly payloadBytes: number
      readonly receivedAt: string
      readonly replayedAt: string | null
      /** Events a replay would put into the log */
      readonly replayableEvents: number
    }
  }
  /** Forget a dead letter and its payload */
  'DELETE /v1/dead-letters/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: undefined
  }
  /** Read a dead letter anew and put its events into the log; each counts once */
  'POST /v1/dead-letters/{id}/replay': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: {
      readonly id: string
      readonly source: string
      readonly partition: number | null
      readonly offset: number | null
      readonly reason: string
      /** As text where it is UTF-8, else as base64 */
      readonly payload: string
      readonly payloadEncoding: 'utf-8' | 'base64'
      readonly payloadBytes: number
      readonly receivedAt: string
      readonly replayedAt: string | null
      /** Put into the log now; 0 when that had been done before, or it is still malformed */
      readonly replayedEvents: number
    }
  }
  /** Imports, newest first */
  'GET /v1/imports': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Import)[]
      readonly nextCursor: string | null
    }
  }
  /** List what lies in a location into a bucket of the catalog */
  'POST /v1/imports': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly bucketId: string
      readonly locationId: string
      readonly prefix?: string
      /** Follow removals in the container also when they are more than half of the bucket */
      readonly acceptRemovals?: boolean
    }
    answer: Import
  }
  /** One import and how far it is */
  'GET /v1/imports/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Import
  }
  /** Let an import that was interrupted or failed go on from its last key */
  'POST /v1/imports/{id}/resume': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Import
  }
  /** Comparisons of containers with the catalog, newest first */
  'GET /v1/reconcile-runs': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (ReconcileRun)[]
      readonly nextCursor: string | null
    }
  }
  /** Compare what lies in a container with the catalog */
  'POST /v1/reconcile-runs': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      /** A location of the container that is compared */
      readonly locationId: string
      readonly prefix?: string
      /** Where the manifest of an inventory lies that S3, Azure or Google wrote; null: our own listing of the container */
      readonly inventory?: {
        readonly storeId: string
        readonly container: string
        readonly key: string
      } | null
      /** Delete confirmed orphans at the end, of moves of ours that have ended, within the caps */
      readonly deletes?: boolean
      /** How far apart the two scans must be that confirm an orphan */
      readonly apartHours?: number
      readonly deletionsMax?: number
      readonly deletedBytesMax?: number
      /** Nothing is deleted when more than this share of the listed objects would be */
      readonly deletedShareMax?: number
      /** Go on although most of what should lie there is missing */
      readonly acceptMissing?: boolean
    }
    answer: ReconcileRun
  }
  /** One comparison: how far it is and what it found */
  'GET /v1/reconcile-runs/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: ReconcileRun
  }
  /** What a comparison found, the first 10,000 of them */
  'GET /v1/reconcile-runs/{id}/findings': {
    path: { id: string }
    query: { cursor?: string; limit?: number; verdict?: 'dark' | 'forgotten' | 'missing' | 'changed' | 'followed' | 'parts' }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (ReconcileFinding)[]
      readonly nextCursor: string | null
    }
  }
  /** Let a comparison that was interrupted or failed go on */
  'POST /v1/reconcile-runs/{id}/resume': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: ReconcileRun
  }
  /** Bytes that nobody needs, newest first */
  'GET /v1/orphans': {
    path: undefined
    query: { cursor?: string; limit?: number; state?: 'seen' | 'confirmed' | 'deleting' | 'deleted' | 'kept' | 'adopting' | 'adopted' | 'gone'; kind?: 'dark' | 'forgotten' | 'retained' | 'suspect'; locationId?: string }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Orphan)[]
      readonly nextCursor: string | null
    }
  }
  /** What orphans that are still there add up to, by kind and state */
  'GET /v1/orphan-sums': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly ({
        readonly kind: 'dark' | 'forgotten' | 'retained' | 'suspect'
        readonly state: 'seen' | 'confirmed' | 'deleting' | 'deleted' | 'kept' | 'adopting' | 'adopted' | 'gone'
        readonly orphans: number
        readonly bytes: number
        /** Of those that have a price */
        readonly monthlyUsd: number
      })[]
    }
  }
  /** One orphan */
  'GET /v1/orphans/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Orphan
  }
  /** Delete bytes that are provably ours and that nobody needs */
  'POST /v1/orphans/{id}/delete': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Orphan
  }
  /** Keep bytes where they are; no run deletes them by itself */
  'POST /v1/orphans/{id}/keep': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Orphan
  }
  /** Bring bytes back into the catalog */
  'POST /v1/orphans/{id}/adopt': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Orphan
  }
  /** The scrubber: what it compared with the catalog, what that cost, what it found */
  'GET /v1/scrub': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: ScrubStatus
  }
  /** Look at no more copies until somebody starts the scrubber; repairs go on */
  'POST /v1/scrub/pause': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly reason?: string
    }
    answer: ScrubStatus
  }
  /** Let the scrubber work where it was paused */
  'POST /v1/scrub/start': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: ScrubStatus
  }
  /** Bursts, newest first */
  'GET /v1/simulations': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Simulation)[]
      readonly nextCursor: string | null
    }
  }
  /** One burst and how far it is */
  'GET /v1/simulations/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Simulation
  }
  /** Burst real reads through the gateway over chosen objects */
  'POST /v1/simulations/bursts': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly bucket: string
      readonly keys?: readonly (string)[]
      readonly prefix?: string
      /** Over all objects together */
      readonly reads: number
      /** Wall time to spread them over */
      readonly seconds?: number
      readonly seed?: number
    }
    answer: Simulation
  }
  /** Buckets by name */
  'GET /v1/buckets': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Bucket)[]
      readonly nextCursor: string | null
    }
  }
  /** Add a bucket */
  'POST /v1/buckets': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      readonly name: string
      readonly mode: 'observed' | 'shared' | 'exclusive'
      readonly writeLocationId: string
      readonly policyId?: string | null
    }
    answer: Bucket
  }
  /** One bucket */
  'GET /v1/buckets/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Bucket
  }
  /** Change mode, policy or where new bytes go */
  'PATCH /v1/buckets/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: {
      readonly mode?: 'observed' | 'shared' | 'exclusive'
      readonly writeLocationId?: string
      readonly policyId?: string | null
    }
    answer: Bucket
  }
  /** Policies by name */
  'GET /v1/policies': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Policy)[]
      readonly nextCursor: string | null
    }
  }
  /** Add a policy */
  'POST /v1/policies': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      /** A policy document with apiVersion and kind */
      readonly spec: Readonly<Record<string, unknown>>
    }
    answer: Policy
  }
  /** One policy */
  'GET /v1/policies/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Policy
  }
  /** Give a policy a new document; its objects are looked at again */
  'PUT /v1/policies/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: {
      /** A policy document with apiVersion and kind */
      readonly spec: Readonly<Record<string, unknown>>
    }
    answer: Policy
  }
  /** Check a policy document without keeping it */
  'POST /v1/policies/validation': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      /** A policy document with apiVersion and kind */
      readonly spec: Readonly<Record<string, unknown>>
    }
    answer: Validation
  }
  /** Price books, the one added last first */
  'GET /v1/price-books': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (PriceBook)[]
      readonly nextCursor: string | null
    }
  }
  /** Add a price book; every object is looked at again */
  'POST /v1/price-books': {
    path: undefined
    query: undefined
    headers: undefined
    body: Readonly<Record<string, unknown>>
    answer: PriceBook
  }
  /** One price book */
  'GET /v1/price-books/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: PriceBook
  }
  /** Locations by name, with what lies there */
  'GET /v1/locations': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Location)[]
      readonly nextCursor: string | null
    }
  }
  /** Add a location in a store, and find out what the store can do where nobody did */
  'POST /v1/locations': {
    path: undefined
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: {
      readonly tier: 'hot' | 'warm' | 'cold'
      readonly priceId: string
      readonly region: string
      readonly firstByteMsP99: number
      readonly restoreHours?: number | null
      readonly capacityBytes?: number | null
      readonly name: string
      readonly storeId: string
      readonly container: string
      readonly storageClass?: string | null
      /** Find out by trying what its store can do, where nobody did: writes and deletes a few dozen small objects whose keys begin with `dim-probe-`, and takes seconds */
      readonly learn?: boolean
    }
    answer: {
      readonly id: string
      readonly name: string
      readonly store: Reference
      readonly container: string
      readonly storageClass: string | null
      readonly tier: 'hot' | 'warm' | 'cold'
      /** Entry of the price book */
      readonly priceId: string
      readonly region: string
      readonly firstByteMsP99: number
      readonly restoreHours: number | null
      readonly capacityBytes: number | null
      readonly usage: {
        readonly copies: number
        readonly bytes: number
      }
      /** Set while its store takes no more bytes: what would be copied there waits */
      readonly full: {
        readonly since: string
        /** Then a few migrations are sent ahead to try again */
        readonly until: string
        /** What its store said */
        readonly answer: string
      } | null
      readonly revision: number
      readonly createdAt: string
      readonly principal: string
      /** Locations of other stores that might be the same place: nobody could tell */
      readonly uncompared: readonly ({
        readonly location: string
        readonly store: string
        readonly because: string
      })[]
      /** What became of finding out what the store can do */
      readonly learning: {
        /** known: nothing was to be found out; learnt: it was, and is in the store’s settings now; failed, not-asked: what the store can do is unknown, so nothing is asked of it that servers differ in */
        readonly outcome: 'known' | 'learnt' | 'failed' | 'not-asked'
        /** Why it failed */
        readonly because: string | null
        /** What was found out */
        readonly findings: StoreFindings | null
      }
    }
  }
  /** One location */
  'GET /v1/locations/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: LocationDetail
  }
  /** Change tier, price, region, latency, restore time or capacity */
  'PATCH /v1/locations/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: {
      readonly tier?: 'hot' | 'warm' | 'cold'
      readonly priceId?: string
      readonly region?: string
      readonly firstByteMsP99?: number
      readonly restoreHours?: number | null
      readonly capacityBytes?: number | null
    }
    answer: Location
  }
  /** Forget a location that nothing refers to; its bytes stay */
  'DELETE /v1/locations/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: undefined
    answer: undefined
  }
  /** Say that a full location has room again: what waited for it goes on */
  'POST /v1/locations/{id}/clear-full': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: Location
  }
  /** What emptying a location would cost, how far it is, and what keeps it */
  'GET /v1/locations/{id}/retirement': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Retirement
  }
  /** Place nothing new in a location, and plan to bring everything there elsewhere */
  'POST /v1/locations/{id}/retire': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: Retirement
  }
  /** Let a retiring location take objects again */
  'POST /v1/locations/{id}/reinstate': {
    path: { id: string }
    query: undefined
    headers: { 'idempotency-key'?: string }
    body: undefined
    answer: Retirement
  }
  /** Stores by name */
  'GET /v1/stores': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Store)[]
      readonly nextCursor: string | null
    }
  }
  /** Add a store; its credentials are sealed at once */
  'POST /v1/stores': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      readonly name: string
      readonly kind: 'azure-blob' | 'filesystem' | 'gcs' | 'memory' | 's3'
      readonly settings: Readonly<Record<string, unknown>>
      readonly credentials?: {
        readonly accessKeyId: string
        readonly secretAccessKey: string
        readonly sessionToken?: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly accountKey: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly sasToken: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly connectionString: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly serviceAccountKey: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      }
    }
    answer: Store
  }
  /** One store */
  'GET /v1/stores/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Store
  }
  /** Pause or resume a store, change its settings or replace its credentials */
  'PATCH /v1/stores/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: {
      readonly state?: 'active' | 'paused'
      readonly settings?: Readonly<Record<string, unknown>>
      readonly credentials?: {
        readonly accessKeyId: string
        readonly secretAccessKey: string
        readonly sessionToken?: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly accountKey: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly sasToken: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly connectionString: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        readonly serviceAccountKey: string
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey?: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      } | {
        /** 32 bytes in base64: what we write there is sealed with it before it leaves us */
        readonly clientEncryptionKey: string
        /** Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them */
        readonly formerClientEncryptionKey?: string
      }
    }
    answer: Store
  }
  /** Forget a store that no location uses; its bytes stay */
  'DELETE /v1/stores/{id}': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: undefined
    answer: undefined
  }
  /** Try whether a store can be reached and accepts its credentials */
  'POST /v1/stores/{id}/probe': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: {
      /** Without it, the container of the first location of this store */
      readonly container?: string
    }
    answer: StoreProbe
  }
  /** Find out by trying what a store does, and keep it in the store’s settings */
  'POST /v1/stores/{id}/findings': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: {
      /** Without it, the container of the first location of this store */
      readonly container?: string
    }
    answer: StoreFindings
  }
  /** A store with its limits, to be changed */
  'GET /v1/stores/{id}/limits': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Store
  }
  /** Change the budget of a store, how much is asked of it at once, or whether it is for drills */
  'PATCH /v1/stores/{id}/limits': {
    path: { id: string }
    query: undefined
    headers: { 'if-match'?: string }
    body: {
      readonly budget?: readonly ({
        readonly from?: string
        /** Before `from`, the window goes over midnight */
        readonly to?: string
        /** Default: UTC */
        readonly timeZone?: string
        readonly bytesPerSecond?: number
        readonly requestsPerSecond?: number
      })[]
      readonly requestsAtOnceMax?: number | null
      readonly isForDrills?: boolean
    }
    answer: Store
  }
  /** Let requests to a store that is for drills fail on purpose, for a bounded time */
  'POST /v1/stores/{id}/drill': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: {
      readonly rules: readonly ({
        readonly fault: 'refused' | 'delayed' | 'hangs' | 'answer-lost' | 'write-lost' | 'flips' | 'truncates' | 'cut' | 'stale' | 'wrong-digest'
        readonly on?: readonly ('head' | 'get' | 'put' | 'delete' | 'list' | 'copyWithin' | 'changeStorageClass' | 'restore' | 'multipart.create' | 'multipart.putPart' | 'multipart.complete' | 'multipart.abort')[]
        readonly keyPrefix?: string
        readonly probability?: number
        readonly nth?: number
        readonly delayMs?: number
        readonly refusal?: 'throttled' | 'unreachable' | 'timeout' | 'unexpected' | 'access-denied' | 'store-full'
      })[]
      /** The drill ends by itself after so long */
      readonly seconds: number
      readonly seed?: string
    }
    answer: Store
  }
  /** End the drill of a store before its time */
  'DELETE /v1/stores/{id}/drill': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: Store
  }
  /** How much of each store’s budget is used, and which stores are left alone */
  'GET /v1/store-loads': {
    path: undefined
    query: undefined
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly ({
        readonly store: Reference
        /** The window of the budget that is open now; null: nothing limits */
        readonly budget: {
          /** Null: not limited */
          readonly bytesPerSecond: number | null
          readonly requestsPerSecond: number | null
          /** Used of it, about over the last minute; above 1 where clients spend more than all */
          readonly bytesShare: number | null
          readonly requestsShare: number | null
          /** Background work would wait so long now */
          readonly waitSeconds: number
        } | null
        /** Processes whose requests fail at once, because it left most unanswered */
        readonly leftAloneBy: readonly ({
          readonly process: string
          readonly since: string
          /** When it last tried whether the store is back */
          readonly triedAt: string
        })[]
      })[]
    }
  }
  /** Access keys, newest first, without their secrets */
  'GET /v1/access-keys': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (AccessKey)[]
      readonly nextCursor: string | null
    }
  }
  /** Make an access key; the answer is the only time its secret is shown */
  'POST /v1/access-keys': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      readonly readerClass?: 'application' | 'interactive' | 'analytics' | 'scan' | 'backup' | 'mover'
      readonly bucketIds?: readonly (string)[] | null
      readonly mayWrite?: boolean
    }
    answer: AccessKeyCreated
  }
  /** Make an access key useless from now on */
  'DELETE /v1/access-keys/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: undefined
  }
  /** Tokens, newest first, without their secrets */
  'GET /v1/tokens': {
    path: undefined
    query: { cursor?: string; limit?: number }
    headers: undefined
    body: undefined
    answer: {
      readonly items: readonly (Token)[]
      readonly nextCursor: string | null
    }
  }
  /** Make a token; the answer is the only time its secret is shown */
  'POST /v1/tokens': {
    path: undefined
    query: undefined
    headers: undefined
    body: {
      readonly name: string
      readonly role: 'viewer' | 'operator' | 'admin'
      readonly expiresAt?: string | null
    }
    answer: TokenCreated
  }
  /** Make a token useless from now on */
  'DELETE /v1/tokens/{id}': {
    path: { id: string }
    query: undefined
    headers: undefined
    body: undefined
    answer: undefined
  }
}

