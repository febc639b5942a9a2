import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A real server a test file starts for itself. */
export interface ServerProgram {
  /** Its script in this folder, which knows where it is installed. */
  readonly script: string
  /** What people call it, for example `the S3 server versitygw`. */
  readonly called: string
  /** How long it may take until it listens, in milliseconds: much more under load than alone. */
  readonly startMsMax: number
  /** How to start it on this port; its data belong into the folder, which is empty. */
  command(place: { program: string; port: number; folder: string }): Promise<ServerCommand> | ServerCommand
  /** Where the folder for its data is made. Default: the folder for temporary files. */
  readonly parentFolder?: string
}

export interface ServerCommand {
  readonly program: string
  readonly parameters: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** A port can be taken between finding it free and listening on it. */
const START_ATTEMPTS_MAX = 3

/**
 * Starts a server of its own on a free port with an empty temporary folder. Where it is not installed, answers
 * why, for the caller to skip its tests with; with `DIM_REQUIRE_SERVICES=1` it throws.
 */
export async function startServer(
  server: ServerProgram,
): Promise<RunningServer | { readonly missing: string }> {
  const script = join(import.meta.dirname, server.script)
  const program = await promisify(execFile)(script, ['path']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (program === null) {
    const missing = `${server.called} is not installed: run "test/services/${server.script} install"`
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(missing)
    return { missing }
  }
  for (let attempt = 1; ; attempt++) {
    const running = await tryToStart(server, program)
    if (running !== null) return running
    if (attempt === START_ATTEMPTS_MAX)
      throw new Error(`${program} did not start ${START_ATTEMPTS_MAX} times`)
  }
}

async function tryToStart(server: ServerProgram, program: string): Promise<RunningServer | null> {
  const folder = await mkdtemp(join(server.parentFolder ?? tmpdir(), `dim-${server.script}-`))
  const port = await freePort()
  const command = await server.command({ program, port, folder })
  const child = spawn(command.program, command.parameters, {
    stdio: 'ignore',
    env: { ...process.env, ...command.environment },
  })
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)

  const stop = async () => {
    process.off('exit', onExit)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  if (await answersInTime(child, port, server.startMsMax)) return { port, stop }
  await stop()
  return null
}

async function answersInTime(child: ChildProcess, port: number, startMsMax: number): Promise<boolean> {
  const giveUpAt = Date.now() + startMsMax
  while (child.exitCode === null && child.signalCode === null && Date.now() < giveUpAt) {
    if (await answers(port)) return true
    await delay(20)
  }
  return false
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('the probe has no port'))
      })
    })
  })
}
