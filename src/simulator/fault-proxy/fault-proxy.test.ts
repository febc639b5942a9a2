import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import type { NetworkFault } from './network-fault.ts'

// A server that sends back what comes, and a client on the other side of the proxy.

let server: Server
let proxy: FaultProxy | null = null
beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => proxy?.close())
afterAll(() => server.close())

const both = { direction: 'both', toxicity: 1 } as const

async function connectThrough(faults: readonly NetworkFault[], random = () => 0.5): Promise<Socket> {
  proxy = await startFaultProxy({
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    faults,
    random,
  })
  return connect()
}

async function connect(): Promise<Socket> {
  const socket = createConnection({ ...proxy!.address, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

/** Sends bytes and its end; what came back, how it ended and how long it took. */
async function exchange(socket: Socket, bytes: Buffer) {
  const start = performance.now()
  const chunks: Buffer[] = []
  let ended: string | undefined = 'closed'
  socket.on('data', chunk => chunks.push(chunk as Buffer))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ended = error.code
  })
  socket.on('end', () => {
    ended = 'ended'
    socket.end()
  })
  socket.end(bytes)
  if (!socket.closed) await once(socket, 'close').catch(() => undefined)
  return { back: Buffer.concat(chunks), ended, ms: performance.now() - start }
}

const BYTES = Buffer.alloc(300_000, 'abc')

describe('a fault proxy', () => {
  it('passes everything on where nothing is wrong, and counts it', async () => {
    const { back, ended } = await exchange(await connectThrough([]), BYTES)
    expect([back.equals(BYTES), ended]).toEqual([true, 'ended'])
    expect(proxy!.counts).toEqual({ connections: 1, faulty: 0, bytesUp: 300_000, bytesDown: 300_000 })
  })

  it('lets bytes come later, whole and in order', async () => {
    const late: NetworkFault = { ...both, kind: 'latency', ms: 60, jitterMs: 20 }
    const { back, ms } = await exchange(await connectThrough([late]), BYTES)
    expect(back.equals(BYTES)).toBe(true)
    expect(ms).toBeGreaterThan(100)
  })

  it('lets no more through than its bandwidth', async () => {
    const narrow: NetworkFault = { ...both, direction: 'up', kind: 'bandwidth', bytesPerSecond: 2_000_000 }
    const { back, ms } = await exchange(await connectThrough([narrow]), BYTES)
    expect(back.equals(BYTES)).toBe(true)
    expect(ms).toBeGreaterThan(120)
  })

  it('cuts a connection after so many bytes', async () => {
    const cut: NetworkFault = { ...both, direction: 'down', kind: 'cut', bytes: 100_000 }
    const { back } = await exchange(await connectThrough([cut]), BYTES)
    expect(back.byteLength).toBeLessThanOrEqual(100_000)
    expect(back.equals(BYTES.subarray(0, back.byteLength))).toBe(true)
  })

  it('resets a connection', async () => {
    const socket = await connectThrough([{ ...both, kind: 'reset', ms: 10 }])
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown])
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNRESET')
  })

  it('lets nothing pass, and then ends the connection', async () => {
    const { back } = await exchange(await connectThrough([{ ...both, kind: 'timeout', ms: 30 }]), BYTES)
    expect(back.byteLength).toBe(0)
  })

  it('ends late', async () => {
    const slow: NetworkFault = { ...both, direction: 'down', kind: 'slow-close', ms: 80 }
    const { back, ms } = await exchange(await connectThrough([slow]), BYTES)
    expect(back.equals(BYTES)).toBe(true)
    expect(ms).toBeGreaterThan(75)
  })

  it('hits the share of connections that is toxic', async () => {
    const draws = [0.1, 0.9, 0.9]
    const fault: NetworkFault = { ...both, toxicity: 0.5, kind: 'timeout', ms: 10 }
    const hit = await exchange(await connectThrough([fault], () => draws.shift()!), BYTES)
    const spared = await exchange(await connect(), BYTES)
    expect([hit.back.byteLength, spared.back.byteLength]).toEqual([0, 300_000])
    expect(proxy!.counts.faulty).toBe(1)
  })

  it('says so when it cannot listen', async () => {
    const { port } = server.address() as { port: number }
    const taken = startFaultProxy({
      listen: { host: '127.0.0.1', port },
      upstream: { host: '127.0.0.1', port },
      faults: [],
      random: () => 0,
    })
    await expect(taken).rejects.toThrow('EADDRINUSE')
  })
})
