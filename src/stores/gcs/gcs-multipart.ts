import { randomBytes } from 'node:crypto'
import PQueue from 'p-queue'
import { z } from 'zod'
import { checkConditions, checkSize } from '../call-rules.ts'
import type { LeftoverPage, MultipartStore, PutFacts, StoreError, SweepOptions } from '../object-store.ts'
import { checkPartNumber, checkPartOrder } from '../part-rules.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { composeObject } from './compose-object.ts'
import type { GcsConnection } from './gcs-connection.ts'
import { listUploadObjects } from './gcs-listing.ts'
import { objectPath } from './gcs-wire.ts'
import { digestsOf, identityOf } from './object-fields.ts'
import { UPLOADS_PREFIX } from './object-names.ts'
import { deleteGeneration, writeObject } from './write-object.ts'

const NOTE = 'note'
const UPLOAD_ID = /^[A-Za-z0-9_-]{22}$/
const DELETIONS_AT_ONCE = 8
/** Pages of hidden objects one upload can have: its parts, and what was put together of them. */
const PAGES_MAX = 16

/** What an upload remembers of its creation. */
const uploadShape = z.object({ key: z.string(), facts: z.record(z.string(), z.unknown()) })

/** Names of hidden objects of an upload and their generations: of each part the last one sent. */
type Parts = ReadonlyMap<string, string>

/**
 * Uploads in parts: Google's JSON API has none, so each is a folder of hidden objects, a note and the parts,
 * which are composed at the end. Nothing is visible under the key before; a killed upload is swept.
 */
export function createGcsMultipart(connection: GcsConnection): MultipartStore {
  const { capabilities } = connection
  const limits = capabilities.multipart!

  return {
    async create(container, key, { signal, ...facts }) {
      const operation = connection.operation('multipart.create', key)
      throwIfAborted(operation, signal)
      connection.checkFacts(operation, facts)
      const uploadId = randomBytes(16).toString('base64url')
      const note = Buffer.from(JSON.stringify({ key, facts }))
      await writeHidden(connection, operation, container, nameOf(uploadId, NOTE), note, note.length, signal)
      return { uploadId }
    },

    async putPart(container, key, uploadId, partNumber, body, { signal, size }) {
      const operation = connection.operation('multipart.putPart', key)
      throwIfAborted(operation, signal)
      checkPartNumber(operation, partNumber, limits.partsMax)
      checkSize(operation, size, limits.partSizeMax)
      await readNote(connection, operation, container, uploadId, signal)
      const name = partNameOf(uploadId, partNumber)
      const { generation } = await writeHidden(connection, operation, container, name, body, size, signal)
      return { etag: generation }
    },

    async complete(container, key, uploadId, parts, { signal, condition } = {}) {
      const operation = connection.operation('multipart.complete', key)
      throwIfAborted(operation, signal)
      checkPartOrder(operation, parts)
      checkConditions(operation, capabilities, { write: condition })
      const facts = await readNote(connection, operation, container, uploadId, signal)
      const found = await readParts(connection, operation, container, uploadId, signal)
      const sources = parts.map(({ partNumber, etag }) => {
        const name = partNameOf(uploadId, partNumber)
        if (found.get(name) === etag) return { name, generation: etag }
        throw storeFailure(operation, 'invalid-part', `part ${partNumber} is not there, or was sent again`)
      })
      const ifGenerationMatch = await connection.writeGenerationOf(operation, container, condition, signal)
      const resource = await composeObject(connection, operation, container, {
        sources,
        facts,
        ifGenerationMatch,
        between: step => nameOf(uploadId, `composed-${step}`),
        signal,
      })
      await forget(connection, operation, container, uploadId).catch((problem: unknown) => problem)
      return { identity: identityOf(resource), digests: digestsOf(resource) }
    },

    async abort(container, key, uploadId, { signal } = {}) {
      const operation = connection.operation('multipart.abort', key)
      throwIfAborted(operation, signal)
      const isOpen = await readNote(connection, operation, container, uploadId, signal).then(
        () => true,
        (error: StoreError) => {
          if (error.kind === 'upload-not-found') return false
          throw error
        },
      )
      if (isOpen) await forget(connection, operation, container, uploadId)
    },
  }
}

/** Removes what uploads of dead processes left, a page at a time. */
export async function sweepGcsUploads(
  connection: GcsConnection,
  container: string,
  { signal, cursor, unmodifiedSince, neededUploads }: SweepOptions,
): Promise<LeftoverPage> {
  const operation = connection.operation('sweepLeftovers', null)
  throwIfAborted(operation, signal)
  const page = await listUploadObjects(connection, operation, container, {
    prefix: UPLOADS_PREFIX,
    cursor,
    signal,
  })
  const old = page.resources
    .filter(({ updated }) => Date.parse(updated) < unmodifiedSince)
    .map(({ name }) => name)
  const needed = await neededUploads([...new Set(old.map(uploadIdOf))])
  const unneeded = old.filter(name => !needed.has(uploadIdOf(name)))
  await deleteAll(connection, operation, container, unneeded)
  return { removed: unneeded.length, cursor: page.cursor }
}

function nameOf(uploadId: string, name: string): string {
  return `${UPLOADS_PREFIX}${uploadId}/${name}`
}

function partNameOf(uploadId: string, partNumber: number): string {
  return nameOf(uploadId, `part-${String(partNumber).padStart(5, '0')}`)
}

function uploadIdOf(key: string): string {
  return key.slice(UPLOADS_PREFIX.length).split('/', 1)[0]!
}

function writeHidden(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  name: string,
  body: Parameters<typeof writeObject>[3],
  size: number,
  signal: AbortSignal | undefined,
) {
  const hidden = { ...operation, key: name }
  // In a colder class a part would be charged for a month, or a year, that it does not stay.
  const options = { size, storageClass: 'STANDARD', ...(signal === undefined ? {} : { signal }) }
  return writeObject(connection, hidden, container, body, options)
}

/** What the upload was created with. Throws kind `upload-not-found` unless it is open for this key. */
async function readNote(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<PutFacts> {
  const missing = storeFailure(operation, 'upload-not-found', 'there is no such upload of this key')
  if (!UPLOAD_ID.test(uploadId)) throw missing
  const path = objectPath(container, nameOf(uploadId, NOTE))
  const answer = await connection.wire
    .ask(operation, { method: 'GET', path, query: { alt: 'media' }, as: 'read', signal })
    .catch((error: StoreError) => {
      throw error.kind === 'not-found' ? missing : error
    })
  const note = uploadShape.safeParse(answer)
  if (!note.success || note.data.key !== operation.key) throw missing
  return note.data.facts as PutFacts
}

async function readParts(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<Parts> {
  const found = new Map<string, string>()
  const prefix = nameOf(uploadId, '')
  let cursor: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await listUploadObjects(connection, operation, container, { prefix, cursor, signal })
    for (const { name, generation } of page.resources) found.set(name, generation)
    if (page.cursor === null) break
    cursor = page.cursor
  }
  return found
}

/** Removes the note first: without it nothing more is added. */
async function forget(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  uploadId: string,
): Promise<void> {
  await deleteAll(connection, operation, container, [nameOf(uploadId, NOTE)])
  const left = await readParts(connection, operation, container, uploadId, undefined)
  await deleteAll(connection, operation, container, [...left.keys()])
}

async function deleteAll(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  names: readonly string[],
): Promise<void> {
  const queue = new PQueue({ concurrency: DELETIONS_AT_ONCE })
  await queue.addAll(
    names.map(key => async () => {
      const deletion = deleteGeneration(connection, { ...operation, key }, container, {})
      await deletion.catch((error: StoreError) => {
        if (error.kind !== 'not-found') throw error
      })
    }),
  )
}
