import { openDatabase } from '../../src/database/postgres.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId } from '../../src/domain/identifiers.ts'
import { gatewayLimits } from '../../src/gateway/config.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { listenGateway } from '../../src/gateway/server.ts'
import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'

/** The gateway over one filesystem store. Arguments: the database's address and the store's folder. */
const [connectionString, root] = process.argv.slice(2) as [string, string]

const database = openDatabase({
  connectionString,
  connectionsMax: 16,
  applicationName: 'bench-gateway',
  onIdleError: error => process.stderr.write(`${error.message}\n`),
})
const store = createFilesystemStore({ name: 'bench', settings: { root, durability: 'none' } })
const limits = gatewayLimits.parse({})
let events = 0
const gateway = createGateway({
  database,
  modelClock: wallClock,
  wallClock,
  openStore: () => store,
  unsealSecret: sealed => sealed.toString('utf8'),
  recordAccess: () => {
    events++
  },
  log: silentLogger,
  limits,
  bootId: newId(),
  region: 'us-east-1',
  baseHosts: [],
  defaultWriteLocation: null,
})
const server = await listenGateway(gateway, { host: '127.0.0.1', port: 0, limits })
process.send?.({ port: server.port })
process.once('SIGTERM', () => {
  process.stderr.write(`${events} access events\n`)
  void server.close().then(() => database.end())
})
