import { openStore, type StoreToOpen } from '../../src/app/open-store.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { startAzurite } from '../services/azurite.ts'
import { startGcsServer } from '../services/gcs-server.ts'
import { type S3Server, startS3Server } from '../services/s3-server.ts'

/** A real server that moves are made to or from. */
export interface ChaosServer {
  readonly store: StoreToOpen
  readonly credentials: object | null
  stop(): Promise<void>
}

/** Opens its store; whoever opens it closes it. */
export function openChaosStore({ credentials, store }: ChaosServer): ObjectStore {
  return openStore(store, credentials === null ? null : new Redacted(JSON.stringify(credentials)))
}

export const CHAOS_SERVERS = ['s3', 'azure-blob', 'gcs'] as const
export type ChaosServerKind = (typeof CHAOS_SERVERS)[number]

/** Starts a server of this kind, or answers why there is none. */
export async function startChaosServer(
  kind: ChaosServerKind,
  name: string,
): Promise<ChaosServer | { readonly missing: string }> {
  switch (kind) {
    case 's3': {
      const server = await startS3Server({ keepsConnections: true })
      return 'missing' in server ? server : s3Of(server, name)
    }
    case 'azure-blob': {
      const server = await startAzurite()
      if ('missing' in server) return server
      const { account, accountKey, endpoint, stop } = server
      return { store: { name, kind, settings: { account, endpoint } }, credentials: { accountKey }, stop }
    }
    case 'gcs': {
      const server = await startGcsServer()
      if ('missing' in server) return server
      const { endpoint, projectId, stop } = server
      const capabilities = { conditionalPut: true, conditionalDelete: true, reportedDigests: ['crc32c'] }
      const settings = { endpoint, projectId, deletes: 'by-generation', capabilities }
      return { store: { name, kind, settings }, credentials: null, stop }
    }
  }
}

function s3Of(server: S3Server, name: string): ChaosServer {
  const { accessKeyId, endpoint, secretAccessKey, stop } = server
  const settings = {
    endpoint,
    keys: 'paths',
    capabilities: {
      conditionalPut: true,
      conditionalDelete: true,
      conditionalRead: true,
      reportedDigests: ['crc64nvme', 'sha256'],
    },
  }
  return { store: { name, kind: 's3', settings }, credentials: { accessKeyId, secretAccessKey }, stop }
}
