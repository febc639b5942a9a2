import type { PutFacts, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { type GcsConnection, resourceFrom } from './gcs-connection.ts'
import { objectPath } from './gcs-wire.ts'
import { encryptionKeyOf, type ObjectResource, uploadedResourceOf } from './object-fields.ts'

/** Google puts together so many objects at once. */
const SOURCES_MAX = 32

interface Source {
  readonly name: string
  readonly generation: string
}

/** Objects that become one. */
export interface Composition {
  readonly sources: readonly Source[]
  readonly facts: PutFacts
  /** The generation that must be under the key: `0` for nothing, undefined for anything. */
  readonly ifGenerationMatch: string | undefined
  /** The name of what is put together on the way. */
  between(step: number): string
  readonly signal: AbortSignal | undefined
}

/**
 * Puts objects together under the operation's key: 32 at once into hidden ones, until 32 are left, which
 * become the object itself under its condition. Google copies no bytes for it.
 *
 * Source: https://cloud.google.com/storage/docs/composite-objects
 */
export async function composeObject(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  composition: Composition,
): Promise<ObjectResource> {
  const { facts, ifGenerationMatch, between, signal } = composition
  let sources = composition.sources
  let step = 0
  while (sources.length > SOURCES_MAX) {
    const joined: Source[] = []
    for (let first = 0; first < sources.length; first += SOURCES_MAX) {
      const name = between(++step)
      const hidden = { ...operation, key: name }
      const few = sources.slice(first, first + SOURCES_MAX)
      const target = { facts: { storageClass: 'STANDARD' }, ifGenerationMatch: undefined }
      const resource = await compose(connection, hidden, container, few, { ...target, signal })
      joined.push({ name, generation: resource.generation })
    }
    sources = joined
  }
  return compose(connection, operation, container, sources, { facts, ifGenerationMatch, signal })
}

async function compose(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  sources: readonly Source[],
  target: Pick<Composition, 'facts' | 'ifGenerationMatch' | 'signal'>,
): Promise<ObjectResource> {
  const { facts, ifGenerationMatch, signal } = target
  const body = Buffer.from(
    JSON.stringify({
      kind: 'storage#composeRequest',
      sourceObjects: sources,
      destination: uploadedResourceOf(operation, facts, {}),
    }),
  )
  const answer = await connection.wire
    .ask(operation, {
      method: 'POST',
      path: `${objectPath(container, operation.key!)}/compose`,
      query: { ifGenerationMatch, kmsKeyName: encryptionKeyOf(facts) },
      headers: { 'content-type': 'application/json', 'content-length': String(body.byteLength) },
      body,
      as: 'upload',
      signal,
    })
    .catch((error: StoreError) => {
      if (error.kind !== 'not-found') throw error
      throw storeFailure(operation, 'invalid-part', 'a part is not there any more')
    })
  return resourceFrom(operation, answer, 'unknown-outcome')
}
