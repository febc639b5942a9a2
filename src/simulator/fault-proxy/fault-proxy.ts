import { createConnection, createServer, type Socket } from 'node:net'
import { pipeline, type Transform } from 'node:stream'
import { faultyStream } from './faulty-stream.ts'
import type { NetworkFault } from './network-fault.ts'

/** A host and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What went through a proxy. */
export interface ProxyCounts {
  connections: number
  /** Connections with at least one fault. */
  faulty: number
  bytesUp: number
  bytesDown: number
}

/** A proxy that is listening. */
export interface FaultProxy {
  readonly address: Address
  readonly counts: Readonly<ProxyCounts>
  close(): Promise<void>
}

/** More connections at once than this are refused. */
const CONNECTIONS_MAX = 1_000

/**
 * Listens, and passes each connection on to the upstream server with the faults that chance gives it. Chance is
 * drawn once for each connection and fault. Rejects when it cannot listen.
 */
export async function startFaultProxy(options: {
  listen: Address
  upstream: Address
  faults: readonly NetworkFault[]
  /** From [0, 1). */
  random: () => number
}): Promise<FaultProxy> {
  const counts: ProxyCounts = { connections: 0, faulty: 0, bytesUp: 0, bytesDown: 0 }
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, client => {
    counts.connections++
    const faults = options.faults.filter(fault => options.random() < fault.toxicity)
    if (faults.length > 0) counts.faulty++
    const upstream = createConnection({ ...options.upstream, allowHalfOpen: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => socket.destroy())
    }
    connect({ client, upstream, faults, random: options.random, counts })
  })
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.listen.port, options.listen.host, resolve)
  })
  const address = server.address()
  return {
    address: { host: options.listen.host, port: typeof address === 'object' ? address!.port : 0 },
    counts,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function connect(connection: {
  client: Socket
  upstream: Socket
  faults: readonly NetworkFault[]
  random: () => number
  counts: ProxyCounts
}): void {
  const { client, upstream, faults, random, counts } = connection
  const end = () => {
    client.destroy()
    upstream.destroy()
  }
  const streams = (direction: 'up' | 'down'): Transform[] =>
    faults
      .filter(fault => fault.direction === direction || fault.direction === 'both')
      .flatMap(fault => faultyStream(fault, random, { cut: end }) ?? [])
  for (const fault of faults) {
    const timer = endingTimer(fault, connection, end)
    if (timer !== null) client.on('close', () => clearTimeout(timer))
  }
  client.on('data', chunk => {
    counts.bytesUp += chunk.length
  })
  upstream.on('data', chunk => {
    counts.bytesDown += chunk.length
  })
  pipeline([client, ...streams('up'), upstream], error => {
    if (error) end()
  })
  pipeline([upstream, ...streams('down'), client], error => {
    if (error) end()
  })
}

/** What ends the connection after a while, or null. */
function endingTimer(
  fault: NetworkFault,
  { client, upstream }: { client: Socket; upstream: Socket },
  end: () => void,
): NodeJS.Timeout | null {
  if (fault.kind === 'timeout' && fault.ms > 0) return setTimeout(end, fault.ms)
  if (fault.kind !== 'reset') return null
  return setTimeout(() => {
    client.resetAndDestroy()
    upstream.resetAndDestroy()
  }, fault.ms)
}
