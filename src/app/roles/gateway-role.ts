import { accessKeyPurpose } from '../../domain/secret-box.ts'
import { createGateway } from '../../gateway/gateway.ts'
import { listenGateway } from '../../gateway/server.ts'
import { ACCESS_RECORDER_DEFAULTS, createAccessRecorder } from '../../workers/record-accesses.ts'
import { listenFailure, urlOf } from '../listen.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'
import { startBursts } from './bursts.ts'

/** How often writes that a dead process left half way are looked for. */
const RECOVER_IDLE_MS = 10_000

/** Answers S3 clients, and settles the writes that a killed gateway left half way. */
export async function startGatewayRole(parts: ServerParts): Promise<RunningRole> {
  const { config, metrics } = parts
  const recorder = config.gateway.recordAccess ? startRecorder(parts) : null
  const gateway = createGateway({
    database: parts.database,
    modelClock: parts.modelClock,
    wallClock: parts.wallClock,
    openStore: storeId => parts.stores.open(storeId),
    unsealSecret: (sealed, accessKeyId) =>
      parts.secretBox.open(sealed, accessKeyPurpose(accessKeyId)).reveal(),
    recordAccess: event => recorder?.record(event),
    log: parts.log,
    metrics: {
      requestFinished(facts) {
        metrics.gatewayRequestsInFlight.dec()
        metrics.gatewayRequests.inc({
          operation: facts.operation,
          code: String(facts.status),
          store: facts.store,
        })
        if (facts.firstByteMs !== null)
          metrics.gatewayFirstByteSeconds.observe({ store: facts.store }, facts.firstByteMs / 1_000)
        metrics.gatewayRequestSeconds.observe({ operation: facts.operation }, facts.durationMs / 1_000)
        metrics.gatewayBytes.inc({ direction: 'sent' }, facts.bytesSent)
        metrics.gatewayBytes.inc({ direction: 'received' }, facts.bytesReceived)
      },
      requestStarted: () => metrics.gatewayRequestsInFlight.inc(),
      readResolvedAgain: () => metrics.gatewayReadFallbacks.inc({ reason: 'resolved-again' }),
      foreignChangeMet: change => metrics.gatewayForeignChanges.inc({ change }),
      readFailedOver: () => metrics.gatewayReadFallbacks.inc({ reason: 'failed-over' }),
    },
    limits: config.gateway.limits,
    bootId: parts.bootId,
    region: config.gateway.region,
    baseHosts: config.gateway.baseHosts,
    defaultWriteLocation: config.gateway.defaultWriteLocation,
  })
  const server = await listenGateway(gateway, config.gateway).catch(cause => {
    throw listenFailure(cause, { ...config.gateway, variable: 'DIM_GATEWAY_PORT' })
  })
  const recovery = runLoops(parts, [
    {
      name: 'recover-writes',
      idleMs: RECOVER_IDLE_MS,
      async step() {
        await gateway.recoverIntents()
        return 0
      },
    },
  ])
  const url = urlOf(config.gateway.host, server.port)
  let bursts: RunningRole | null = null
  async function stop(): Promise<void> {
    await bursts?.stop()
    await server.close()
    await recovery.stop()
    await recorder?.close()
  }
  try {
    if (config.gateway.recordAccess) bursts = await startBursts(parts, url)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

function startRecorder(parts: ServerParts) {
  const counted = (outcome: string) => ({
    inc: (events: number) => parts.metrics.accessEventsAppended.inc({ outcome }, events),
  })
  return createAccessRecorder({
    ...ACCESS_RECORDER_DEFAULTS,
    eventLog: parts.eventLog,
    bootId: parts.bootId,
    log: parts.log,
    metrics: { appended: counted('appended'), dropped: counted('dropped'), malformed: counted('malformed') },
  })
}
