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
      serializers: { error: pino.stdSerializers.errWithCause },
      redact: {
        paths: REDACTED.flatMap(field => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination(2),
  )
}

/** A logger that keeps quiet, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })
