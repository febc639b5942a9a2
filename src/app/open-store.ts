import type { z } from 'zod'
import { CLIENT_KEY_NAMES, clientKeysIn } from '../domain/client-keys.ts'
import { Redacted } from '../domain/redacted.ts'
import type { Store } from '../domain/store.ts'
import { createAzureBlobStore } from '../stores/azure-blob/azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from '../stores/azure-blob/config.ts'
import { filesystemCredentials, filesystemSettings } from '../stores/filesystem/config.ts'
import { createFilesystemStore } from '../stores/filesystem/filesystem-store.ts'
import { gcsCredentials, gcsSettings } from '../stores/gcs/config.ts'
import { createGcsStore } from '../stores/gcs/gcs-store.ts'
import { memoryCredentials, memorySettings } from '../stores/memory/config.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'
import { clientKey } from '../stores/wrappers/chunk-cipher.ts'
import { clientEncryptedStore } from '../stores/wrappers/client-encryption.ts'

/** What a store needs to be opened, of all the catalog knows about it. */
export type StoreToOpen = Pick<Store, 'name' | 'kind' | 'settings'>

/** The settings or credentials of a store are not what its adapter needs; `problems` lists all of them. */
export class StoreSettingsError extends Error {
  override readonly name = 'StoreSettingsError'
  readonly store: string
  /** One sentence each, for example `settings.endpoint: must be an http or https URL`. Never holds a secret. */
  readonly problems: readonly string[]

  constructor(store: string, problems: readonly string[]) {
    super(`The store "${store}" cannot be opened: ${problems.join('; ')}`)
    this.store = store
    this.problems = problems
  }
}

/**
 * Opens the adapter of a store's kind. Nothing is connected before the first call; a memory store begins
 * empty, so whoever opens stores keeps them. `credentials` is the JSON that the secret box gave back.
 *
 * With the credential `clientEncryptionKey` (32 bytes in base64) what we write there is encrypted before it leaves us;
 * `formerClientEncryptionKey` still opens what earlier keys sealed, of which there may be several.
 *
 * Throws {@link StoreSettingsError} with every problem at once.
 */
export function openStore(store: StoreToOpen, credentials: Redacted | null): ObjectStore {
  const { keys, rest } = takeClientKeys(store, credentials)
  const [key, ...former] = keys
  const adapter = openAdapter(store, rest)
  if (key === undefined) return adapter
  if (!adapter.capabilities.userMetadata)
    throw new StoreSettingsError(store.name, [
      'credentials.clientEncryptionKey: the store keeps no metadata, which client-side encryption needs',
    ])
  return clientEncryptedStore(adapter, { keys: [key, ...former] })
}

/**
 * The keys of client-side encryption, which every kind of store can have, and the adapter's own credentials.
 */
function takeClientKeys(store: StoreToOpen, credentials: Redacted | null) {
  const parsed = parseCredentials(store, credentials)
  if (typeof parsed !== 'object' || parsed === null) return { keys: [], rest: credentials }
  const given = parsed as Record<string, unknown>
  const found = clientKeysIn(given)
  if (found.length === 0) return { keys: [], rest: credentials }
  const keys = found.map(({ bytes, name }) => {
    if (bytes.length !== 32)
      throw new StoreSettingsError(store.name, [`credentials.${name}: must be 32 bytes in base64`])
    return clientKey(bytes)
  })
  if (given.clientEncryptionKey === undefined)
    throw new StoreSettingsError(store.name, [
      'credentials.clientEncryptionKey: is missing beside a former one',
    ])
  const own = Object.entries(given).filter(
    ([name]) => !(CLIENT_KEY_NAMES as readonly string[]).includes(name),
  )
  const rest = own.length === 0 ? null : new Redacted(JSON.stringify(Object.fromEntries(own)))
  return { keys, rest }
}

function openAdapter(store: StoreToOpen, credentials: Redacted | null): ObjectStore {
  const { name } = store
  switch (store.kind) {
    case 'memory': {
      const { settings } = checkedSettings(store, credentials, memorySettings, memoryCredentials)
      return createMemoryStore({ name, settings })
    }
    case 'filesystem': {
      const { settings } = checkedSettings(store, credentials, filesystemSettings, filesystemCredentials)
      return createFilesystemStore({ name, settings })
    }
    case 'azure-blob':
      return createAzureBlobStore({
        name,
        ...checkedSettings(store, credentials, azureBlobSettings, azureBlobCredentials),
      })
    case 'gcs':
      return createGcsStore({ name, ...checkedSettings(store, credentials, gcsSettings, gcsCredentials) })
    case 's3':
      return createS3Store({ name, ...checkedSettings(store, credentials, s3Settings, s3Credentials) })
    default: {
      const unknownKind: never = store.kind
      throw new StoreSettingsError(name, [`kind: there is no adapter for ${String(unknownKind)}`])
    }
  }
}

/** The settings and credentials of a store, checked by its kind. Throws {@link StoreSettingsError}. */
export function checkedSettings<Settings extends z.ZodType, Credentials extends z.ZodType>(
  store: StoreToOpen,
  credentials: Redacted | null,
  settingsSchema: Settings,
  credentialsSchema: Credentials,
): { settings: z.output<Settings>; credentials: z.output<Credentials> } {
  const settings = settingsSchema.safeParse(store.settings)
  const parsed = parseCredentials(store, credentials)
  const given = credentialsSchema.safeParse(parsed)
  const problems = [
    ...(settings.success ? [] : settings.error.issues.map(issue => describeIssue('settings', issue))),
    ...(given.success ? [] : given.error.issues.map(issue => describeIssue('credentials', issue))),
  ]
  if (!settings.success || !given.success) throw new StoreSettingsError(store.name, problems)
  return { settings: settings.data, credentials: given.data }
}

function parseCredentials(store: StoreToOpen, credentials: Redacted | null): unknown {
  if (credentials === null) return null
  try {
    return JSON.parse(credentials.reveal())
  } catch {
    // The parser's message would quote the secret.
    throw new StoreSettingsError(store.name, ['credentials: are not JSON'])
  }
}

/** Messages of the schema name fields and types, never values. */
function describeIssue(part: string, issue: z.core.$ZodIssue): string {
  return `${[part, ...issue.path].join('.')}: ${issue.message}`
}
