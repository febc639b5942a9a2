import { createApi } from '../../api/create-api.ts'
import { findDashboard } from '../dashboard-folder.ts'
import { learnStore } from '../learn-store.ts'
import { listenFailure, urlOf } from '../listen.ts'
import { openStore } from '../open-store.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'
import { problemsOfSettings } from '../store-settings.ts'

/** Serves the control plane, the live stream and the dashboard. */
export async function startApiRole(parts: ServerParts): Promise<RunningRole> {
  const { config } = parts
  const dashboardFolder = findDashboard()
  const api = createApi({
    database: parts.database,
    clock: parts.modelClock,
    wall: parts.wallClock,
    log: parts.log,
    metrics: parts.metrics,
    secretBox: parts.secretBox,
    stores: {
      checkSettings: problemsOfSettings,
      open: (store, credentials) => openStore(store, credentials),
      learn: learnStore,
    },
    config: config.api,
    version: parts.version,
    events: parts.eventLog,
    ...(dashboardFolder === null ? {} : { dashboardFolder }),
  })
  await api.listen({ host: config.api.host, port: config.api.port }).catch(async cause => {
    // It has begun to watch the database, whose connections would never come back.
    await api.close()
    throw listenFailure(cause, { ...config.api, variable: 'DIM_API_PORT' })
  })
  const address = api.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.api.port
  return { url: urlOf(config.api.host, port), stop: () => api.close() }
}
