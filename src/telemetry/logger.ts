import pino from 'pino'

/** Writes structured log lines. Fields first, then a sentence. */
export type Logger = pino.Logger

/** Fields whose values never reach a log line, at any depth we log. */
const REDACTED = [
  'authorization',
  'secret',
  'secretAccessKey',
  'password',
  'token',
  'credentials',
  'connectionString',
]

/** A logger that writes JSON lines to standard error, or to the given stream. */
export function createLogger(options: {
  level: string
  name?: string
  destination?: pino.DestinationStream
}): Logger {
  return pino(
    {
      name: options.name ?? 'dim',
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: (error: unknown) => describeError(error, 0) },
      redact: {
        paths: REDACTED.flatMap(field => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination(2),
  )
}

const CAUSES_MAX = 5

/**
 * What a log line tells of an error: its own words and kind, never its other properties. Errors of drivers
 * carry whole connections, with statements and credentials in them.
 */
function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return String(error)
  const { code, kind } = error as { code?: unknown; kind?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof kind === 'string' ? { kind } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth >= CAUSES_MAX
      ? {}
      : { cause: describeError(error.cause, depth + 1) }),
  }
}

/** A logger that keeps quiet, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })
