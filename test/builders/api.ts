import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { digestOfSecret, newTokenSecret } from '../../src/api/api-token.ts'
import { type ApiConfig, apiConfigSchema } from '../../src/api/config.ts'
import type { ApiOptions } from '../../src/api/context.ts'
import { createApi } from '../../src/api/create-api.ts'
import type { Role } from '../../src/api/schemas/token.ts'
import { createSecretBox } from '../../src/app/secrets/secret-box.ts'
import { insertToken } from '../../src/database/people/api-tokens.ts'
import type { Database } from '../../src/database/postgres.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId } from '../../src/domain/identifiers.ts'
import type { SecretBox } from '../../src/domain/secret-box.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type Logger, silentLogger } from '../../src/telemetry/logger.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { openEventLog } from './event-log.ts'

/** The API on a test database, with a token of every role. */
export interface TestApi {
  readonly app: FastifyInstance
  readonly secretBox: SecretBox
  readonly tokens: Readonly<Record<Role, string>>
  /** Sends a request as an administrator, or as the given role; `body` goes as JSON. */
  send(
    method: string,
    url: string,
    options?: { role?: Role; body?: unknown; headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>
}

/**
 * Starts the API without a port. Stores of every kind are empty memory stores unless `stores` says otherwise.
 */
export async function startTestApi(
  database: Database,
  changes: Partial<Omit<ApiOptions, 'config'>> & { config?: Partial<ApiConfig> } = {},
): Promise<TestApi> {
  const secretBox = createSecretBox([{ id: Buffer.alloc(8, 1), key: Buffer.alloc(32, 2) }])
  const log: Logger = changes.log ?? silentLogger
  const app = createApi({
    database,
    clock: wallClock,
    wall: wallClock,
    metrics: createMetrics(),
    secretBox,
    stores: {
      checkSettings: () => [],
      open: store => createMemoryStore({ name: store.name, settings: { capacityBytes: 1_000_000 } }),
      learn: async () => ({ settings: {}, vendor: null, notes: [] }),
    },
    version: '0.0.0-test',
    events: await openEventLog(database),
    ...changes,
    log,
    config: apiConfigSchema.parse(changes.config ?? {}),
  })
  await app.ready()
  const tokens = {
    viewer: await addToken(database, 'viewer'),
    operator: await addToken(database, 'operator'),
    admin: await addToken(database, 'admin'),
  }
  return {
    app,
    secretBox,
    tokens,
    send: (method, url, { role = 'admin', body, headers = {} } = {}) =>
      app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        headers: { authorization: `Bearer ${tokens[role]}`, ...headers },
        ...(body === undefined ? {} : { payload: body as NonNullable<InjectOptions['payload']> }),
      }),
  }
}

async function addToken(database: Database, role: Role): Promise<string> {
  const secret = newTokenSecret().reveal()
  await insertToken(database, {
    id: newId(),
    name: `test-${role}`,
    role,
    secretSha256: digestOfSecret(secret),
    expiresAt: null,
    principal: 'system:test',
  })
  return secret
}
