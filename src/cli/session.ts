import path from 'node:path'
import { defaultDataFolder, type Environment } from '../app/environment.ts'
import { type Api, createApi } from './api.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { findLocalServer, type LocalServer } from './local-server.ts'
import { createOutput, type Output, type OutputFormat } from './output.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly endpoint?: string
  readonly token?: string
  readonly config?: string
  readonly output: OutputFormat
  /** False with `--no-headers`. */
  readonly headers: boolean
  readonly quiet?: boolean
}

/** What a command runs with. Nothing is connected or read before it is asked for. */
export interface Session {
  readonly out: Output
  readonly terminal: Terminal
  readonly environment: Environment
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal
  readonly globals: GlobalOptions
  /** The API of the server this command talks to. */
  readonly api: Api
  /** The same, for tidying up: works also after Ctrl-C. */
  revokingApi(): Api
  /** The server of a local data folder that would be talked to, or null. */
  findLocalServer(): LocalServer | null
}

/** Where the demo keeps its data: found without being named when a command runs beside it. */
const DEMO_DATA_FOLDER = '.dim'

export function createSession(options: {
  terminal: Terminal
  environment: Environment
  signal: AbortSignal
  globals: GlobalOptions
}): Session {
  const { environment, globals, signal, terminal } = options
  let api: Api | null = null
  const local = () =>
    findLocalServer(
      environment.DIM_DATA_DIR === undefined
        ? [path.resolve(DEMO_DATA_FOLDER), defaultDataFolder(environment)]
        : [path.resolve(environment.DIM_DATA_DIR)],
    )
  return {
    ...options,
    out: createOutput(terminal, {
      format: globals.output,
      headers: globals.headers,
      quiet: globals.quiet ?? false,
    }),
    get api() {
      api ??= createApi({ ...findServer(environment, globals, local), signal })
      return api
    },
    revokingApi: () =>
      createApi({ ...findServer(environment, globals, local), signal: new AbortController().signal }),
    findLocalServer: local,
  }
}

function findServer(
  environment: Environment,
  globals: GlobalOptions,
  local: () => LocalServer | null,
): { endpoint: string; token: string | null } {
  const named = globals.endpoint ?? environment.DIM_ENDPOINT
  const token = globals.token ?? environment.DIM_TOKEN ?? null
  // The local token is for the local server only: it must not travel to an address somebody named.
  if (named !== undefined) return { endpoint: checkedEndpoint(named), token }
  const server = local()
  if (server === null)
    throw new CliError(
      EXIT.retryable,
      'no server runs on this machine: start one with "dim serve", or name one with --endpoint or DIM_ENDPOINT',
    )
  return { endpoint: server.apiUrl, token: token ?? server.token }
}

function checkedEndpoint(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new CliError(EXIT.usage, `--endpoint must be an http:// or https:// address, not "${text}"`)
  return text
}
