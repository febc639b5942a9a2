import { Agent } from 'undici'
import { guardedLookup } from './forbidden-addresses.ts'

const KEEP_ALIVE_MS = 30_000

/**
 * Connections to one endpoint, pooled and kept open between requests, each phase with a time limit of its
 * own.
 */
export function createHttpAgent(settings: {
  readonly allowLinkLocal: readonly string[]
  readonly connectionTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly socketIdleTimeoutMs: number
  readonly socketsMax: number
}): Agent {
  return new Agent({
    connections: settings.socketsMax,
    connect: { timeout: settings.connectionTimeoutMs, lookup: guardedLookup(settings) },
    headersTimeout: settings.requestTimeoutMs,
    bodyTimeout: settings.socketIdleTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  })
}
