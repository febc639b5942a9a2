import { Agent } from 'undici'
import { guardedLookup } from './forbidden-addresses.ts'
import type { ReadMemory } from './read-memory.ts'

const KEEP_ALIVE_MS = 30_000

/**
 * Connections to one endpoint, pooled and kept open between requests, each phase with a time limit of its
 * own. Given memory, its sockets read into it.
 */
export function createHttpAgent(
  settings: {
    readonly allowLinkLocal: readonly string[]
    readonly connectionTimeoutMs: number
    readonly requestTimeoutMs: number
    readonly socketIdleTimeoutMs: number
    readonly socketsMax: number
  },
  memory?: ReadMemory,
): Agent {
  return new Agent({
    connections: settings.socketsMax,
    connect: {
      timeout: settings.connectionTimeoutMs,
      lookup: guardedLookup(settings),
      ...(memory === undefined ? {} : { onread: memory.onread, allowH2: false }),
    },
    headersTimeout: settings.requestTimeoutMs,
    bodyTimeout: settings.socketIdleTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  })
}
