import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { sampleBytes } from './contract/samples.ts'
import { ReadMemory } from './read-memory.ts'

const BYTES = sampleBytes(2_000_000)
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that sends the bytes to everybody who comes. */
async function serving(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const plainServer = () => createServer(socket => socket.on('error', () => undefined).end(BYTES))
const plainSocket = async (memory: ReadMemory) =>
  connect({ host: '127.0.0.1', port: await serving(plainServer()), onread: memory.onread })

/** Reads everything; `giveBack` decides for each chunk. Returns what was kept, as it is at the end. */
async function read(socket: Socket, memory: ReadMemory, giveBack: (index: number) => boolean) {
  const copied: Buffer[] = []
  const kept = new Map<number, Uint8Array>()
  const memories = new Set<ArrayBufferLike>()
  // As undici reads: not flowing, each time as much as there is.
  socket.on('readable', () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      if (chunk.byteLength > 4_096) memories.add(chunk.buffer)
      if (giveBack(copied.length)) memory.giveBack(chunk)
      else kept.set(copied.length, chunk)
      copied.push(Buffer.from(chunk))
    }
  })
  await once(socket, 'end')
  return { copied, kept, memories }
}

describe('memory that sockets read into', () => {
  it('is used again when it was given back', async () => {
    const memory = new ReadMemory()
    const { copied, memories } = await read(await plainSocket(memory), memory, () => true)
    expect(Buffer.concat(copied).equals(BYTES)).toBe(true)
    expect(memories.size).toBeLessThanOrEqual(3)
  })

  it('belongs to whoever does not give it back', async () => {
    const memory = new ReadMemory()
    const sockets = await Promise.all([plainSocket(memory), plainSocket(memory), plainSocket(memory)])
    const reads = await Promise.all(sockets.map(socket => read(socket, memory, index => index % 3 !== 0)))
    for (const { copied, kept } of reads) {
      expect(Buffer.concat(copied).equals(BYTES)).toBe(true)
      for (const [index, chunk] of kept) expect(copied[index]!.equals(chunk)).toBe(true)
    }
  })

  it('is not used again for what is left of a read', () => {
    const memory = new ReadMemory()
    const pushed: Uint8Array[] = []
    const socket = { push: (chunk: Uint8Array) => pushed.push(chunk) > 0 } as unknown as Socket
    const take = memory.onread.buffer as () => Uint8Array
    const first = take()
    memory.onread.callback.call(socket, 10_000, first)
    memory.giveBack(pushed[0]!.subarray(0, 6_000))
    expect(take()).not.toBe(first)
    memory.giveBack(pushed[0]!.subarray(6_000))
    expect(take()).toBe(first)
    memory.giveBack(pushed[0]!)
    expect(take()).not.toBe(first)
  })

  it('reads what comes encrypted', async ({ skip }) => {
    const secret = madeCertificate()
    if (secret === null) return skip('the command openssl makes the certificate: apt-get install openssl')
    const server = tls.createServer(secret, socket => socket.on('error', () => undefined).end(BYTES))
    const port = await serving(server)
    const memory = new ReadMemory()
    const options = { host: '127.0.0.1', port, ca: secret.cert, servername: 'localhost' }
    // Documented by Node, not known to its types.
    const socket = tls.connect({ ...options, onread: memory.onread } as tls.ConnectionOptions)
    const { copied, kept } = await read(socket, memory, index => index % 2 === 0)
    expect(Buffer.concat(copied).equals(BYTES)).toBe(true)
    for (const [index, chunk] of kept) expect(copied[index]!.equals(chunk)).toBe(true)
  })
})

/** Null where there is no openssl. */
function madeCertificate(): { key: string; cert: string } | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'dim-certificate-'))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
  try {
    const parameters = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]
    execFileSync('openssl', parameters, { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
