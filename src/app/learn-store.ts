import type { Redacted } from '../domain/redacted.ts'
import { azureBlobCredentials, azureBlobSettings } from '../stores/azure-blob/config.ts'
import { probeAzureCapabilities } from '../stores/azure-blob/probe-capabilities.ts'
import { gcsCredentials, gcsSettings } from '../stores/gcs/config.ts'
import { probeGcsCapabilities } from '../stores/gcs/probe-capabilities.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { probeS3Capabilities } from '../stores/s3/probe-capabilities.ts'
import { checkedSettings, type StoreToOpen } from './open-store.ts'

/** What was found out about a store by trying. */
export interface StoreFindings {
  /** Settings to be put in place of those it has; none for kinds of stores that are all alike. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The server's name, where it is known. */
  readonly vendor: string | null
  /** What people should know of it, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Finds out what a store does that stores of its kind differ in, with small objects in the container, which
 * are gone afterwards. Throws a `StoreError` when the store cannot be asked, a `StoreSettingsError` when it
 * cannot be opened.
 */
export async function learnStore(
  store: StoreToOpen,
  credentials: Redacted | null,
  container: string,
): Promise<StoreFindings> {
  const { name } = store
  switch (store.kind) {
    case 's3': {
      const opened = checkedSettings(store, credentials, s3Settings, s3Credentials)
      return probeS3Capabilities({ name, container, ...opened })
    }
    case 'gcs': {
      const opened = checkedSettings(store, credentials, gcsSettings, gcsCredentials)
      return unnamed(await probeGcsCapabilities({ name, container, ...opened }))
    }
    case 'azure-blob': {
      const opened = checkedSettings(store, credentials, azureBlobSettings, azureBlobCredentials)
      return unnamed(await probeAzureCapabilities({ name, container, ...opened }))
    }
    case 'filesystem':
    case 'memory':
      return unnamed({})
    default: {
      const unknownKind: never = store.kind
      throw new Error(`there is no adapter for ${String(unknownKind)}`)
    }
  }
}

function unnamed(settings: StoreFindings['settings']): StoreFindings {
  return { settings, vendor: null, notes: [] }
}
