import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A real Google Cloud Storage server of one test file, with everything in memory; it asks for no credentials. */
export interface GcsServer {
  readonly endpoint: string
  readonly projectId: string
  /** Ends the server; its data goes with it. */
  stop(): Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'fake-gcs-server')
const HOW_TO_GET_IT =
  'the Google server fake-gcs-server is not installed: run "test/services/fake-gcs-server install"'

/** A port can be taken between finding it free and listening on it. */
const START_ATTEMPTS_MAX = 3
const START_MS_MAX = 20_000

/**
 * Starts a Google Cloud Storage server of its own on a free port. Without the server's binary it answers why,
 * for the caller to skip its tests with; with `DIM_REQUIRE_SERVICES=1` it throws.
 */
export async function startGcsServer(): Promise<GcsServer | { readonly missing: string }> {
  const binary = await promisify(execFile)(SCRIPT, ['path']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (binary === null) {
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
    return { missing: HOW_TO_GET_IT }
  }
  for (let attempt = 1; ; attempt++) {
    const server = await tryToStart(binary)
    if (server !== null) return server
    if (attempt === START_ATTEMPTS_MAX) throw new Error(`${binary} did not start ${START_ATTEMPTS_MAX} times`)
  }
}

async function tryToStart(binary: string): Promise<GcsServer | null> {
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  const child = spawn(
    binary,
    [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)],
      ...['-public-host', host, '-external-url', `http://${host}`],
      ...['-backend', 'memory', '-log-level', 'error'],
    ],
    { stdio: 'ignore' },
  )
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
  }
  if (await answersInTime(child, port)) return { endpoint: `http://${host}`, projectId: 'dimtest', stop }
  await stop()
  return null
}

async function answersInTime(child: ChildProcess, port: number): Promise<boolean> {
  const giveUpAt = Date.now() + START_MS_MAX
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
