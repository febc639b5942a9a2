import type { z } from 'zod'
import type { StoreKind } from '../domain/store.ts'
import { azureBlobSettings } from '../stores/azure-blob/config.ts'
import { filesystemSettings } from '../stores/filesystem/config.ts'
import { gcsSettings } from '../stores/gcs/config.ts'
import { memorySettings } from '../stores/memory/config.ts'
import { s3Settings } from '../stores/s3/config.ts'
import { type SchemaKey, schemaKeys } from './schema-keys.ts'

const SETTINGS_SCHEMAS = {
  'azure-blob': azureBlobSettings,
  filesystem: filesystemSettings,
  gcs: gcsSettings,
  memory: memorySettings,
  s3: s3Settings,
} as const satisfies Record<StoreKind, z.ZodType>

/** What is wrong with the settings of a store of this kind, without its credentials; empty when nothing is. */
export function problemsOfSettings(
  kind: StoreKind,
  settings: Readonly<Record<string, unknown>>,
): { field: string; message: string }[] {
  const result = SETTINGS_SCHEMAS[kind].safeParse(settings)
  if (result.success) return []
  return result.error.issues.map(issue => ({
    field: ['settings', ...issue.path].join('.'),
    message: issue.message,
  }))
}

/** The settings that people choose for a store of this kind; what its server can do is found out, not chosen. */
export function listStoreSettings(kind: StoreKind): SchemaKey[] {
  return schemaKeys(SETTINGS_SCHEMAS[kind]).filter(({ path }) => !path.includes('.'))
}
