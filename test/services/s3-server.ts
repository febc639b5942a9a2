import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A real S3 server of one test file. */
export interface S3Server {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

export interface S3ServerOptions {
  /** Where its folder is made. Default: the folder for temporary files. */
  readonly parentFolder?: string
  /** Connections serve more than one request, as at every server but this one by default. */
  readonly keepsConnections?: boolean
}

const SCRIPT = join(import.meta.dirname, 'versitygw')
const HOW_TO_GET_IT = 'the S3 server versitygw is not installed: run "test/services/versitygw install"'

/** A port can be taken between finding it free and listening on it. */
const START_ATTEMPTS_MAX = 3
const START_MS_MAX = 20_000

/**
 * Starts an S3 server of its own on a free port with an empty temporary folder. Without the server's
 * binary it answers why, for the caller to skip its tests with; with `DIM_REQUIRE_SERVICES=1` it throws.
 */
export async function startS3Server(
  options: S3ServerOptions = {},
): Promise<S3Server | { readonly missing: string }> {
  const binary = await promisify(execFile)(SCRIPT, ['path']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (binary === null) {
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
    return { missing: HOW_TO_GET_IT }
  }
  for (let attempt = 1; ; attempt++) {
    const server = await tryToStart(binary, options)
    if (server !== null) return server
    if (attempt === START_ATTEMPTS_MAX) throw new Error(`${binary} did not start ${START_ATTEMPTS_MAX} times`)
  }
}

async function tryToStart(binary: string, options: S3ServerOptions): Promise<S3Server | null> {
  const folder = await mkdtemp(join(options.parentFolder ?? tmpdir(), 'dim-versitygw-'))
  const port = await freePort()
  const credentials = { accessKeyId: 'dimtestkey', secretAccessKey: 'dimtestsecret' }
  const child = spawn(
    binary,
    [
      ...['--access', credentials.accessKeyId, '--secret', credentials.secretAccessKey],
      ...['--port', `127.0.0.1:${port}`, '--quiet'],
      ...(options.keepsConnections === true ? ['--keep-alive'] : []),
      ...['posix', folder],
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
    await rm(folder, { recursive: true, force: true })
  }
  if (await answersInTime(child, port)) return { endpoint: `http://127.0.0.1:${port}`, ...credentials, stop }
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
