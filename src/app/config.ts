import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { apiConfigSchema } from '../api/config.ts'
import { CONNECTIONS_MIN } from '../database/migrations/long-holds.ts'
import { MIB } from '../domain/bytes.ts'
import { gatewayConfig } from '../gateway/config.ts'
import { defaultDataFolder, type Environment } from './environment.ts'
import { ingestConfig } from './ingest-config.ts'
import { ROLE_NAMES } from './role-names.ts'
import { type SchemaKey, schemaKeys } from './schema-keys.ts'

const port = z.int().min(0).max(65_535)

/** The whole configuration: one section per role or module. Unknown keys are errors. */
export const configSchema = z.strictObject({
  dataDir: z
    .string()
    .min(1)
    .describe(
      'Folder for the embedded database, keys and local state. Started as root, the database lies in /var/lib/data-in-motion where the folder is closed to the account postgres (or nobody); `postgres-at` in the folder says where',
    ),
  roles: z
    .array(z.enum(ROLE_NAMES))
    .min(1)
    .default([...ROLE_NAMES])
    .describe('What this process does; all roles by default'),
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// address')
        .optional()
        .describe(
          'PostgreSQL server, 15 or newer; without it an embedded server is started (also DATABASE_URL)',
        ),
      connectionsMax: z
        .int()
        .min(
          CONNECTIONS_MIN,
          `must be ${CONNECTIONS_MIN} or more: two stand, two stay free, two move objects`,
        )
        .max(500)
        .default(24)
        .describe(
          'Connections this process opens at most; its gateway has 4 more, its migrator 2. All but 4 may be held while objects are moved or deleted',
        ),
    })
    .prefault({}),
  api: apiConfigSchema
    .extend({
      host: z.string().min(1).default('127.0.0.1').describe('Address the API and the dashboard listen on'),
      port: port.default(7600).describe('Port of the API and the dashboard; 0 picks a free one'),
    })
    .prefault({}),
  gateway: gatewayConfig
    .extend({
      recordAccess: z.boolean().default(true).describe('Whether reads and writes leave access events'),
    })
    .prefault({}),
  ingest: ingestConfig.prefault({}),
  planner: z
    .strictObject({
      batchObjectsMax: z
        .int()
        .min(1)
        .max(100_000)
        .default(2_000)
        .describe('Objects reviewed in one step at most'),
      idleMs: z
        .int()
        .min(10)
        .max(600_000)
        .default(1_000)
        .describe('Rest between looks when no review is due'),
    })
    .prefault({}),
  migrator: z
    .strictObject({
      concurrency: z
        .int()
        .min(1)
        .max(256)
        .default(8)
        .describe('Large objects moved at once; up to sixteen small ones take the place of one'),
      leaseSeconds: z
        .number()
        .min(1)
        .max(3_600)
        .default(30)
        .describe('How long a migration belongs to a silent worker'),
    })
    .prefault({}),
  reconcile: z
    .strictObject({
      everyHours: z
        .number()
        .min(0)
        .max(8_760)
        .default(168)
        .describe(
          'Hours after which a container is listed and compared with the catalog again, without deleting anything; 0: only when somebody asks. A listing costs a request per 1,000 objects',
        ),
    })
    .prefault({}),
  scrubber: z
    .strictObject({
      closeness: z
        .enum(['bytes', 'facts'])
        .default('bytes')
        .describe(
          'bytes reads every copy to its end; facts asks only for length, identity and digests that the store can be trusted with',
        ),
      intervalDays: z
        .number()
        .min(0.01)
        .max(3_650)
        .default(30)
        .describe('Days of the model clock after which a copy is looked at again'),
      bytesPerSecond: z
        .int()
        .min(1_024)
        .max(1e12)
        .default(8 * MIB)
        .describe('How much is read in a second at most'),
      usdPerDay: z
        .number()
        .min(0)
        .max(1e6)
        .default(1)
        .describe('What requests, retrieval and egress may cost in a day (UTC), by the price book'),
      readsFrom: z
        .strictObject({
          provider: z.string().min(1).describe('As the price book names it'),
          region: z.string().min(1).describe('As the price book names it'),
        })
        .nullable()
        .default(null)
        .describe('Where this process runs, for the price of egress; on the internet when left out'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .describe('Least severity written to standard error'),
    })
    .prefault({}),
})

/** The checked configuration of one process. */
export type Config = z.output<typeof configSchema>

/** The configuration cannot be used; `problems` lists everything that is wrong with it, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem(s):\n${problems.map(line => `  - ${line}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** Variables that steer the CLI and the tests, and are no configuration keys. */
const OTHER_VARIABLES = new Set([
  'DIM_CONFIG',
  'DIM_ENDPOINT',
  'DIM_TOKEN',
  'DIM_GATEWAY',
  'DIM_ACCESS_KEY_ID',
  'DIM_SECRET_ACCESS_KEY',
  'DIM_REQUIRE_SERVICES',
  'DIM_SERVICES_DIR',
])

/**
 * Composes the configuration: what the command line says wins over the environment, that over the file,
 * that over the defaults. The environment names a key as `DIM_` and its path in capitals, for example
 * `DIM_GATEWAY_PORT` for `gateway.port`; `DATABASE_URL` is `database.url`.
 *
 * Throws a ConfigError with every problem of all three sources at once.
 */
export function loadConfig(options: {
  environment: Environment
  file?: string | undefined
  overrides?: Readonly<Record<string, unknown>>
}): Config {
  const problems: string[] = []
  const merged: Record<string, unknown> = { dataDir: defaultDataFolder(options.environment) }
  const file = options.file ?? options.environment.DIM_CONFIG
  if (file !== undefined) mergeInto(merged, readConfigFile(file, problems))
  mergeInto(merged, fromEnvironment(options.environment, problems))
  mergeInto(merged, options.overrides ?? {})

  const result = configSchema.safeParse(merged)
  if (!result.success) problems.push(...result.error.issues.flatMap(describeIssue))
  if (!result.success || problems.length > 0) throw new ConfigError(problems)
  return { ...result.data, dataDir: path.resolve(result.data.dataDir) }
}

/** One configuration key, for the reference page. */
export interface ConfigKey extends SchemaKey {
  readonly variable: string
}

/** Every key there is, in the order of the schema. */
export function listConfigKeys(): ConfigKey[] {
  return schemaKeys(configSchema).map(key => ({ ...key, variable: variableOf(key.path) }))
}

/** `DIM_GATEWAY_LIMITS_DRAIN_MS` for `gateway.limits.drainMs`. */
function variableOf(path: string): string {
  const words = path.replaceAll('.', '_').replace(/[A-Z]/g, letter => `_${letter}`)
  return `DIM_${words.toUpperCase()}`
}

function fromEnvironment(environment: Environment, problems: string[]): Record<string, unknown> {
  const keys = new Map(listConfigKeys().map(key => [key.variable, key]))
  const found: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(environment)) {
    const key = name === 'DATABASE_URL' ? keys.get('DIM_DATABASE_URL') : keys.get(name)
    if (key !== undefined) setAt(found, key.path.split('.'), parseText(text, key.kind))
    else if (name.startsWith('DIM_') && !OTHER_VARIABLES.has(name))
      problems.push(`${name}: there is no such variable`)
  }
  return found
}

/** Numbers and booleans that do not parse stay text, so that the schema names them as wrong. */
function parseText(text: string, kind: ConfigKey['kind']): unknown {
  if (kind === 'number') return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (kind === 'list') return text.split(',').map(item => item.trim())
  return text
}

function readConfigFile(file: string, problems: string[]): Record<string, unknown> {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: true })
    problems.push(...document.errors.map(error => `${file}: ${error.message.split('\n')[0]}`))
    const value: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {})
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
    problems.push(`${file}: must be a mapping of sections`)
  } catch (error) {
    problems.push(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`)
  }
  return {}
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.join('.')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => `${place === '' ? key : `${place}.${key}`}: there is no such key`)
  return [`${place}: ${issue.message}`]
}

function setAt(target: Record<string, unknown>, trail: readonly string[], value: unknown): void {
  const [head, ...rest] = trail
  if (head === undefined) return
  if (rest.length === 0) target[head] = value
  else {
    target[head] ??= {}
    setAt(target[head] as Record<string, unknown>, rest, value)
  }
}

function mergeInto(target: Record<string, unknown>, source: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || name === '__proto__') continue
    const present = target[name]
    if (isSection(present) && isSection(value)) mergeInto(present, value)
    else target[name] = isSection(value) ? structuredClone(value) : value
  }
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
