import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A real Azure Blob server of one test file, with everything in memory. */
export interface AzureServer {
  /** With the account in its path, as emulators have it. */
  readonly endpoint: string
  readonly account: string
  readonly accountKey: string
  /** Ends the server; its data goes with it. */
  stop(): Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'azurite')
const HOW_TO_GET_IT = 'the Azure server Azurite is not installed: run "test/services/azurite install"'

/** A port can be taken between finding it free and listening on it. */
const START_ATTEMPTS_MAX = 3
/** Under load it was seen to take 6 seconds. */
const START_MS_MAX = 60_000

/**
 * Starts an Azure Blob server of its own on a free port. Where it is not installed, answers why, for the
 * caller to skip its tests with; with `DIM_REQUIRE_SERVICES=1` it throws.
 */
export async function startAzurite(): Promise<AzureServer | { readonly missing: string }> {
  const program = await promisify(execFile)(SCRIPT, ['path']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (program === null) {
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
    return { missing: HOW_TO_GET_IT }
  }
  for (let attempt = 1; ; attempt++) {
    const server = await tryToStart(program)
    if (server !== null) return server
    if (attempt === START_ATTEMPTS_MAX)
      throw new Error(`${program} did not start ${START_ATTEMPTS_MAX} times`)
  }
}

async function tryToStart(program: string): Promise<AzureServer | null> {
  const port = await freePort()
  const account = 'dimtest'
  const accountKey = Buffer.from('dimtestsecretdimtestsecret').toString('base64')
  const child = spawn(
    process.execPath,
    [
      program,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'],
    ],
    { stdio: 'ignore', env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${accountKey}` } },
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
  if (await answersInTime(child, port)) {
    return { endpoint: `http://127.0.0.1:${port}/${account}`, account, accountKey, stop }
  }
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
