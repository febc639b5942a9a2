import type { FastifyRequest } from 'fastify'
import { findSealedCredentials, findStore, type StoreRow, updateStore } from '../database/catalog/stores.ts'
import { inTransaction } from '../database/postgres.ts'
import { SecretBoxError, storeCredentialsPurpose } from '../domain/secret-box.ts'
import { callerOf } from './authentication.ts'
import type { ApiOptions, StoreFindings } from './context.ts'
import { describeStoreFailure } from './probe-store.ts'
import { ApiError } from './problems.ts'
import { recordActivity } from './record-activity.ts'
import { ifStillThere } from './revision.ts'
import type { AddedLocationResource } from './schemas/location.ts'
import type { StoreFindingsResource } from './schemas/store.ts'
import { changedNames, isUnknown } from './store-knowledge.ts'

/**
 * Finds out by trying what a store does, and keeps that in its settings. What goes wrong with the store is an
 * answer, in words for a person; the settings then stay as they are.
 */
export async function learnAboutStore(
  request: FastifyRequest,
  about: {
    store: StoreRow
    sealed: Buffer | null
    container: string | null
    options: Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>
  },
): Promise<StoreFindingsResource> {
  const { store, sealed, container, options } = about
  const nothing = { container, vendor: null, notes: [], settings: null, isChanged: false }
  if (container === null) {
    const message = 'name a container: no location uses this store'
    return { ...nothing, error: { kind: 'no-container', message } }
  }
  let findings: StoreFindings
  try {
    const credentials =
      sealed === null ? null : options.secretBox.open(sealed, storeCredentialsPurpose(store.id))
    findings = await options.stores.learn(store, credentials, container)
  } catch (error) {
    if (!(error instanceof SecretBoxError))
      options.log.info({ error, store: store.name }, 'a store was not learnt')
    return { ...nothing, error: describeStoreFailure(error, container) }
  }
  const settings = { ...store.settings, ...findings.settings }
  const isChanged = changedNames(store.settings, settings).length > 0
  if (isChanged) {
    await inTransaction(options.database, async connection => {
      const target = { id: store.id, revision: store.revision }
      ifStillThere(await updateStore(connection, target, { settings }, callerOf(request).principal))
      const changed = { id: store.id, changed: Object.keys(findings.settings) }
      await recordActivity(connection, request, 'store.changed', store.name, changed)
    })
  }
  return {
    container,
    vendor: findings.vendor,
    notes: [...findings.notes],
    settings: { ...findings.settings },
    isChanged,
    error: null,
  }
}

/**
 * Finds out what the store of a location that was just added can do, where nobody did yet and `learn` says so. The
 * location stays whatever becomes of it: a failure is an answer.
 */
export async function learnForLocation(
  request: FastifyRequest,
  location: { readonly storeId: string; readonly container: string; readonly learn: boolean },
  options: Pick<ApiOptions, 'database' | 'secretBox' | 'stores' | 'log'>,
): Promise<AddedLocationResource['learning']> {
  const nothing = { because: null, findings: null }
  const store = await findStore(options.database, location.storeId)
  if (store === null || !isUnknown(store)) return { outcome: 'known', ...nothing }
  if (!location.learn) return { outcome: 'not-asked', ...nothing }
  try {
    const sealed = await findSealedCredentials(options.database, store.id)
    const { container } = location
    const findings = await learnAboutStore(request, { store, sealed, container, options })
    if (findings.error === null) return { outcome: 'learnt', because: null, findings }
    return { outcome: 'failed', because: findings.error.message, findings }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // Somebody changed the store meanwhile.
    return { outcome: 'failed', because: error.message, findings: null }
  }
}
