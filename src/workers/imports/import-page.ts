import { createHash } from 'node:crypto'
import type { ContainerLocation, ListedForCatalog } from '../../database/imports/catalog-import.ts'
import type { SkippedKeys } from '../../database/imports/import-jobs.ts'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { SHARED_CONTAINER_PREFIX } from '../../domain/native-key.ts'
import type { ListedObject } from '../../stores/object-store.ts'

/** Why a listed key does not enter the catalog. */
type SkipReason =
  | 'key-too-long'
  | 'key-not-storable'
  | 'listed-twice'
  | 'copy-of-another-bucket'
  | 'no-location-for-storage-class'

/** The longest key the catalog and S3 know, in bytes of UTF-8. */
const KEY_BYTES_MAX = 1_024
/** How much of a skipped key is kept as the example, in characters. */
const EXAMPLE_LENGTH_MAX = 200
/** What S3 calls the class of objects that were written without one. */
const DEFAULT_STORAGE_CLASS = 'STANDARD'

/** What a page of a listing gives the catalog, and what it cannot take. */
export interface CataloguedPage {
  readonly listed: ListedForCatalog[]
  readonly skipped: Record<string, SkippedKeys>
}

/**
 * Turns listed objects into catalog entries. An object lies in the location of its storage class; `imported`
 * takes those of its own class, and those without one.
 */
export function cataloguePage(
  objects: readonly ListedObject[],
  page: {
    bucketId: Uuid
    imported: ContainerLocation
    /** Locations of the same container, by storage class. */
    byStorageClass: ReadonlyMap<string, Uuid>
    /** The last key of the page before, or null. */
    previousKey: string | null
  },
): CataloguedPage {
  const listed: ListedForCatalog[] = []
  const skipped: Record<string, { count: number; example: string }> = {}
  let previous = page.previousKey
  for (const object of objects) {
    const locationId = locationOf(object, page)
    const reason = object.key === previous ? 'listed-twice' : skipReason(object.key, locationId)
    previous = object.key
    if (reason === null) {
      listed.push(entryOf(object, page.bucketId, locationId!))
      continue
    }
    skipped[reason] ??= { count: 0, example: printable(object.key) }
    skipped[reason].count++
  }
  return { listed, skipped }
}

function entryOf(object: ListedObject, bucketId: Uuid, locationId: Uuid): ListedForCatalog {
  return {
    objectId: objectIdOf(bucketId, object.key),
    copyId: newId(),
    locationId,
    key: object.key,
    size: object.size,
    etag: object.etag ?? substituteEtag(object),
    nativeEtag: object.etag,
    lastModifiedMs: object.lastModified,
  }
}

function locationOf(
  object: ListedObject,
  page: { imported: ContainerLocation; byStorageClass: ReadonlyMap<string, Uuid> },
): Uuid | null {
  const storageClass = object.storageClass
  if (storageClass === null || storageClass === page.imported.storageClass) return page.imported.id
  const named = page.byStorageClass.get(storageClass)
  if (named !== undefined) return named
  return storageClass === DEFAULT_STORAGE_CLASS ? (page.byStorageClass.get('') ?? page.imported.id) : null
}

function skipReason(key: string, locationId: Uuid | null): SkipReason | null {
  if (key.includes('\0') || !key.isWellFormed() || key === '') return 'key-not-storable'
  // A UTF-16 unit is at most three bytes, so most keys need no second look.
  if (key.length * 3 > KEY_BYTES_MAX && Buffer.byteLength(key) > KEY_BYTES_MAX) return 'key-too-long'
  if (key.startsWith(SHARED_CONTAINER_PREFIX)) return 'copy-of-another-bucket'
  return locationId === null ? 'no-location-for-storage-class' : null
}

/**
 * An ETag for bytes whose store keeps none. It has the `-N` of a multipart ETag, so that no client takes it
 * for an MD5, and changes when the bytes do.
 */
function substituteEtag(object: ListedObject): string {
  const facts = `${object.key}\0${object.size}\0${object.lastModified}`
  return `${createHash('md5').update(facts).digest('hex')}-1`
}

function printable(key: string): string {
  return key.toWellFormed().replaceAll('\0', '\ufffd').slice(0, EXAMPLE_LENGTH_MAX)
}
