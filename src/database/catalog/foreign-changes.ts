import { publishingIntentOf, withoutCopyDescription } from '../../domain/copy-description.ts'
import {
  currentCopyOf,
  type ForeignChangeFacts,
  type ForeignChangeVerdict,
  type ForeignChangeWitness,
  type FoundBytes,
  isSameBytes,
  judgeForeignChange,
} from '../../domain/foreign-change.ts'
import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import { isSamePlace, type NativePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Connection, Queryable } from '../postgres.ts'
import {
  commitDeletion,
  commitGeneration,
  retireAllCopies,
  retireFormerCopies,
} from '../writes/object-publication.ts'
import { holdBucket } from './buckets.ts'
import { deleteCopyRow, listPlacedCopies, type PlacedCopy } from './copies.ts'
import { lookAtObject } from './objects.ts'

/** A place of an object that does not look as the catalog says. */
export interface ForeignChangeSuspicion {
  readonly bucketId: Uuid
  readonly objectId: ObjectId
  readonly key: string
  /** Takes the new copy, where the catalog follows bytes it knew no copy of. */
  readonly locationId: Uuid
  readonly place: NativePlace
  readonly witness: ForeignChangeWitness
  /** False: an object of which nothing is left stays in the catalog all the same. */
  readonly mayRemoveObject: boolean
  /** Model time, for the arrival of the new copy. */
  readonly modelNowMs: number
  readonly principal: Principal
  /** A HEAD: null only when the container is there and the key is not. Rejects when the store cannot tell. */
  look(place: NativePlace): Promise<FoundBytes | null>
}

/**
 * What became of a suspicion. `unsettled`: the catalog cannot follow without losing what may be the last
 * copy.
 */
export type ForeignChangeOutcome = ForeignChangeVerdict | 'copy-removed' | 'unsettled'

/**
 * Settles a suspicion: looks at the catalog and the store once more and lets the catalog follow what others
 * did, unless the bucket is exclusively ours. Call it under the object's lock (`object-lock.ts`), so that no
 * write and no move of our own is taken for somebody else's. What it did commits with the transaction.
 *
 * A place where nothing lies any more takes the object with it only if no other copy of its content is left,
 * by the store's own word; another copy that is whole becomes the primary one.
 */
export async function settleForeignChange(
  connection: Connection,
  suspicion: ForeignChangeSuspicion,
): Promise<ForeignChangeOutcome> {
  const mode = await holdBucket(connection, suspicion.bucketId)
  if (mode === null) return 'as-known'
  const object = await lookAtObject(connection, suspicion.objectId)
  if (object.generation === 0) return 'as-known'
  const copies = await listPlacedCopies(connection, [suspicion.objectId])
  const copiesThere = copies
    .filter(({ place }) => isSamePlace(place, suspicion.place))
    .map(({ copy }) => copy)
  const found = await suspicion.look(suspicion.place)
  const intent = await intentStateOf(connection, found)
  const facts: ForeignChangeFacts = {
    mode,
    witness: suspicion.witness,
    object,
    copiesThere,
    found,
    intent,
  }
  const verdict = judgeForeignChange(facts)
  const current = currentCopyOf(facts)
  switch (verdict) {
    case 'adopt':
      return (await adopt(connection, suspicion, { generation: object.generation, found: found!, current }))
        ? 'adopt'
        : 'unsettled'
    case 'changed-aside':
      await dropCopy(connection, current!)
      return 'changed-aside'
    case 'removed':
      return follow(connection, suspicion, current!, copies)
    case 'as-known':
    case 'under-way':
    case 'conflicting':
    case 'missing':
      return verdict
    default:
      return verdict satisfies never
  }
}

/** The bytes become the next generation with one copy, just as after a client's overwrite. */
async function adopt(
  connection: Connection,
  suspicion: ForeignChangeSuspicion,
  { current, found, generation }: { generation: number; found: FoundBytes; current: Copy | null },
): Promise<boolean> {
  const publication = {
    objectId: suspicion.objectId,
    bucketId: suspicion.bucketId,
    key: suspicion.key,
    generation: generation + 1,
    version: {
      size: found.size,
      // Where a store keeps versions but no ETags, the version tells the bytes apart.
      etag: found.identity.etag ?? `${found.identity.versionId}-1`,
      headers: found.headers,
      metadata: withoutCopyDescription(found.metadata),
      tags: {},
      partLayout: null,
      sha256: null,
      sha256Source: null,
      crc64nvme: null,
      lastModified: found.lastModified,
    },
    copyId: newId(),
    locationId: current?.locationId ?? suspicion.locationId,
    nativeKey: suspicion.place.nativeKey,
    identity: found.identity,
    enteredMs: Math.trunc(suspicion.modelNowMs),
    principal: suspicion.principal,
  }
  await retireFormerCopies(connection, publication)
  return commitGeneration(connection, publication, null)
}

/** Follows the removal of a copy of present content. */
async function follow(
  connection: Connection,
  suspicion: ForeignChangeSuspicion,
  gone: Copy,
  copies: readonly PlacedCopy[],
): Promise<ForeignChangeOutcome> {
  if (!gone.isPrimary) {
    await dropCopy(connection, gone)
    return 'copy-removed'
  }
  let isAnyLeft = false
  for (const { copy, place } of copies) {
    if (copy.generation !== gone.generation || copy.id === gone.id || !isWhole(copy)) continue
    const found = await suspicion.look(place)
    if (found !== null && isSameBytes(copy, found)) {
      await replacePrimary(connection, gone, copy)
      return 'copy-removed'
    }
    isAnyLeft ||= found !== null
  }
  if (isAnyLeft || !suspicion.mayRemoveObject) return 'unsettled'
  await retireAllCopies(connection, suspicion.objectId)
  await commitDeletion(connection, suspicion.objectId, suspicion.principal)
  return 'removed'
}

function isWhole(copy: Copy): boolean {
  return copy.state === 'complete' || copy.state === 'grace' || copy.state === 'retained'
}

/** Forgets a copy that is no copy any more, and tells readers' caches that the placement changed. */
async function dropCopy(connection: Queryable, copy: Copy): Promise<void> {
  await deleteCopyRow(connection, copy.objectId, copy.id, { isAnswered: false })
  await raisePlacementVersion(connection, copy.objectId)
}

async function replacePrimary(connection: Queryable, gone: Copy, left: Copy): Promise<void> {
  await connection.query({
    name: 'foreign_change_drop_primary',
    text: 'delete from copy where object_id = $1 and id = $2 and is_primary',
    values: [gone.objectId, gone.id],
  })
  await connection.query({
    name: 'foreign_change_promote',
    text: `update copy set is_primary = true, state = 'complete', grace_until_ms = null
           where object_id = $1 and id = $2`,
    values: [left.objectId, left.id],
  })
  await raisePlacementVersion(connection, gone.objectId)
}

async function raisePlacementVersion(connection: Queryable, objectId: ObjectId): Promise<void> {
  await connection.query({
    name: 'foreign_change_raise_placement',
    text: 'update object set placement_version = placement_version + 1 where id = $1',
    values: [objectId],
  })
}

/** What is known of the intent that the bytes say published them. */
async function intentStateOf(
  connection: Queryable,
  found: FoundBytes | null,
): Promise<ForeignChangeFacts['intent']> {
  const id = found === null ? null : publishingIntentOf(found.metadata)
  if (id === null || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return 'unknown'
  const { rows } = await connection.query<{ is_open: boolean }>({
    name: 'foreign_change_intent',
    text: `
      select true as is_open from write_intent where id = $1
      union all
      select finished_at is null from migration where id = $1`,
    values: [id],
  })
  if (rows.length === 0) return 'unknown'
  return rows.some(row => row.is_open) ? 'open' : 'over'
}
