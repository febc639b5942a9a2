import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { type Environment, readEnvironment } from '../app/environment.ts'
import type { Handler } from './command.ts'
import { watchOpposites } from './contradictions.ts'
import { CliError, EXIT, type ExitCode } from './exit-codes.ts'
import { createProgram } from './program.ts'
import { createSession, type GlobalOptions } from './session.ts'
import { onceOutputCloses, processTerminal, type Terminal } from './terminal.ts'

/**
 * The `dim` command: reads arguments (without node and script), does what they say, and sets the exit code
 * of the process, so that output still on its way to a pipe is not lost.
 */
export async function main(args: readonly string[]): Promise<void> {
  const stop = new AbortController()
  let terminal = processTerminal(false)
  let isOutputClosed = false
  onceOutputCloses(() => {
    isOutputClosed = true
    // Nothing may be left to do by now.
    process.exitCode = EXIT.outputClosed
    stop.abort()
  })
  try {
    const environment = readEnvironment()
    terminal = processTerminal((environment.NO_COLOR ?? '') !== '')
    process.once('SIGINT', () => stop.abort())
    process.once('SIGTERM', () => stop.abort())
    // A process that was started by another of ours ends with it, however that one ended.
    process.once('disconnect', () => stop.abort())
    const exitCode = await runCommand(args, { terminal, environment, signal: stop.signal })
    process.exitCode = isOutputClosed ? EXIT.outputClosed : exitCode
  } catch (error) {
    process.exitCode = explainFailure(error, terminal)
  }
  // An open channel to the process that started us would keep us alive with nothing left to do.
  if (process.connected) process.disconnect()
}

/** Runs one command line; resolves to its exit code. Rejects only for defects of our own. */
export async function runCommand(
  args: readonly string[],
  surroundings: { terminal: Terminal; environment: Environment; signal: AbortSignal },
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const bind = <Options>(command: Command, handler: Handler<Options>) => {
    const refuseOpposites = watchOpposites(command)
    command.action(async (...given: unknown[]) => {
      refuseOpposites()
      // Commander hands over the arguments, then the options, then the command itself.
      const values = given.slice(0, -2) as string[]
      const globals = command.optsWithGlobals() as GlobalOptions
      const session = createSession({ ...surroundings, globals })
      const ended = await handler(session, command.opts() as Options, ...values)
      exitCode = typeof ended === 'number' ? (ended as ExitCode) : EXIT.ok
    })
  }
  const program = createProgram(bind, surroundings.terminal)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return surroundings.signal.aborted && exitCode === EXIT.ok ? EXIT.interrupted : exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (surroundings.signal.aborted) return EXIT.interrupted
    return explainFailure(error, surroundings.terminal)
  }
}

/** Tells a person what went wrong. Our own errors speak for themselves; a defect shows where it is. */
function explainFailure(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CliError) {
    terminal.say(`dim: ${error.message}`)
    return error.exitCode
  }
  const isExpected = error instanceof Error && EXPECTED_ERRORS.has(error.name)
  terminal.say(
    `dim: ${isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return isExpected && error.name === 'ConfigError' ? EXIT.usage : EXIT.error
}

/** Errors of start-up whose message says what to do; a stack would only hide it. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set([
  'ConfigError',
  'DataFolderError',
  'DataFolderTaken',
  'DatabaseUnreachable',
  'DemoStuck',
  'EmbeddedServerError',
  'KeyFileError',
  'SchemaError',
  'SecretBoxError',
  'NothingToReadError',
  'ReplayError',
  'NoInstallationError',
  'ListenError',
  'StoreSettingsError',
])
