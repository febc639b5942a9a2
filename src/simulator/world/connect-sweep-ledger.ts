import type { CopyToSweep } from '../../database/catalog/copies.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { isEndState } from '../../domain/migration.ts'
import type { Copy } from '../../domain/object.ts'
import {
  copiesAt,
  deletionLandsInMs,
  type MemoryCatalog,
} from '../../migration/memory-ledger/memory-catalog.ts'
import type { LockedSweep, SweepLedger } from '../../workers/sweeping/sweep-ledger.ts'
import type { Process } from '../clock/process.ts'
import type { Scheduler } from '../clock/scheduler.ts'
import type { Database } from './database.ts'
import type { LockSession } from './object-locks.ts'

interface SweepLedgerOptions {
  readonly database: Database
  readonly owner: Process
  readonly catalog: MemoryCatalog
  readonly scheduler: Scheduler
  /** Copies that the scrubber found bad; those that are marked suspect for another reason leave it. */
  readonly foundBad: Set<Uuid>
  readonly isPublicationInFlight: (objectId: ObjectId) => boolean
}

/** The sweeper's side of the memory catalog, as one process reaches it. */
export function connectSweepLedger(options: SweepLedgerOptions): SweepLedger {
  const { catalog, database, isPublicationInFlight, owner } = options
  return {
    abandonStagingCopies: limit =>
      database.ask(owner, async () => {
        const abandoned = [...catalog.copies.values()]
          .filter(copy => isAbandoned(catalog, copy))
          .slice(0, limit)
        for (const copy of abandoned) catalog.copies.set(copy.id, { ...copy, state: 'deleting' })
        return abandoned.length
      }),

    listCopiesToSweep: ({ exceptCopyIds, exceptLocationIds, limit }) =>
      database.ask(owner, async () =>
        [...catalog.copies.values()]
          .filter(
            copy =>
              copy.state === 'deleting' &&
              !exceptCopyIds.includes(copy.id) &&
              !exceptLocationIds.includes(copy.locationId),
          )
          .slice(0, limit)
          .map(copy => copyToSweepOf(options, copy)),
      ),

    withLockedCopy: (copy, waitMsMax, work) => {
      const busy = () => new Error(`object ${copy.objectId} is locked`)
      return database.underLock(owner, { id: copy.objectId, waitMsMax, busy }, async session => {
        const found = await database.askOn(session, () => catalog.copies.get(copy.id))
        if (found?.state !== 'deleting') return
        const writes: (() => void)[] = []
        const locked = lockedOn(options, session, copy.objectId, writes)
        const inFlight = () => database.askOn(session, () => isPublicationInFlight(copy.objectId))
        await work({ ...locked, isPublicationInFlight: inFlight }, copyToSweepOf(options, found))
        await database.askOn(session, () => {
          for (const write of writes) write()
        })
      })
    },
  }
}

function isAbandoned(catalog: MemoryCatalog, copy: Copy): boolean {
  const made = catalog.migrations.get(catalog.madeBy.get(copy.id) ?? '')
  if (copy.state !== 'staging' || made === undefined) return false
  return isEndState(made.state) || made.targetCopyId !== copy.id
}

function copyToSweepOf({ catalog, foundBad, scheduler }: SweepLedgerOptions, copy: Copy): CopyToSweep {
  const object = catalog.objects.get(copy.objectId)!
  const migrationId = catalog.madeBy.get(copy.id) ?? null
  const made = migrationId === null ? undefined : catalog.migrations.get(migrationId)
  return {
    copy,
    place: placeOf(catalog, copy),
    bucket: catalog.buckets.get(object.bucketId)!,
    key: object.key,
    migrationId,
    wasFoundBad: foundBad.has(copy.id),
    isOfPresentContent: object.isPresent && object.generation === copy.generation,
    uploadId: made?.targetCopyId === copy.id ? (made.evidence.uploadId ?? null) : null,
    deletionLandsInMs: deletionLandsInMs(catalog, object.id, scheduler.now()),
    begunClass: begunClassOf(catalog, copy),
    isClassChanging: reclassifiesOf(catalog, object.id).some(one => !isEndState(one.state)),
  }
}

function begunClassOf(catalog: MemoryCatalog, copy: Copy): string | null {
  const begun = reclassifiesOf(catalog, copy.objectId).findLast(
    ({ evidence, sourceCopyId }) =>
      sourceCopyId === copy.id && evidence.classChangeBegun === true && evidence.targetIdentity === undefined,
  )
  return begun === undefined ? null : (catalog.locations.get(begun.targetLocationId)!.storageClass ?? null)
}

function reclassifiesOf(catalog: MemoryCatalog, objectId: ObjectId) {
  return [...catalog.migrations.values()].filter(
    one => one.objectId === objectId && one.kind === 'reclassify',
  )
}

function placeOf(catalog: MemoryCatalog, copy: Copy) {
  const { storeId, container } = catalog.locations.get(copy.locationId)!
  return { storeId, container, nativeKey: copy.nativeKey }
}

/** What is written waits in `writes` for the end of the transaction. */
function lockedOn(
  { catalog, database, foundBad }: SweepLedgerOptions,
  session: LockSession,
  objectId: ObjectId,
  writes: (() => void)[],
): Omit<LockedSweep, 'isPublicationInFlight'> {
  const write = (change: () => void) => database.askOn(session, () => void writes.push(change))
  const changeCopy = (copyId: string, values: Partial<Copy>) => {
    const copy = catalog.copies.get(copyId)
    if (copy !== undefined && !copy.isPrimary)
      catalog.copies.set(copyId, { ...copy, graceUntil: null, ...values })
  }
  return {
    confirmLock: () => database.askOn(session, () => undefined),
    listPlacedCopies: () =>
      database.askOn(session, () => {
        const all = [...catalog.copies.values()].filter(copy => copy.objectId === objectId)
        return all.map(copy => ({ copy, place: placeOf(catalog, copy) }))
      }),
    readContentDigests: generation =>
      database.askOn(session, () => {
        const object = catalog.objects.get(objectId)!
        const { sha256, crc64nvme } = object.version.digests
        return object.generation === generation ? { sha256, crc64nvme } : { sha256: null, crc64nvme: null }
      }),
    deleteCopyRow: (copyId, { isAnswered }) =>
      write(() => {
        if (isAnswered) catalog.deletionsInFlight.delete(copyId)
        if (catalog.copies.get(copyId)?.isPrimary === false) catalog.copies.delete(copyId)
      }),
    suspectCopy: (copyId, identity) =>
      write(() => {
        changeCopy(copyId, { state: 'suspect', ...(identity === null ? {} : { identity }) })
        foundBad.delete(copyId)
      }),
    retainCopy: copyId => write(() => changeCopy(copyId, { state: 'retained' })),
    promoteLeftover: (copy, identity) =>
      database.askOn(session, () => {
        const object = catalog.objects.get(objectId)!
        if (!object.isPresent || object.generation !== copy.generation) return false
        writes.push(() => {
          catalog.objects.get(objectId)!.placementVersion++
          for (const other of catalog.copies.values()) {
            if (other.objectId !== object.id || !other.isPrimary) continue
            catalog.copies.set(other.id, { ...other, isPrimary: false, state: 'suspect', graceUntil: null })
          }
          catalog.copies.set(copy.id, {
            ...copy,
            isPrimary: true,
            state: 'complete',
            graceUntil: null,
            identity,
          })
          for (const other of copiesAt(catalog, object.id, placeOf(catalog, copy))) {
            const isLeft = other.state === 'suspect' || other.state === 'retained'
            if (isLeft && !other.isPrimary) catalog.copies.delete(other.id)
          }
        })
        return true
      }),
    quarantineObject: () =>
      write(() => {
        catalog.objects.get(objectId)!.isQuarantined = true
      }),
  }
}
