import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { Agent } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { sampleBytes } from '../contract/samples.ts'
import { ReadMemory } from '../read-memory.ts'
import { exchange } from './exchange.ts'

const FIRST = sampleBytes(40_000, 'first')
const SECOND = sampleBytes(200_000, 'second')

describe('the body of an answer in pieces that share a read', () => {
  const open: { server: Server; agent: Agent }[] = []
  afterEach(async () => {
    for (const { agent, server } of open.splice(0)) {
      await agent.destroy()
      server.close()
    }
  })

  /** An answer whose first read holds one chunk and the beginning of the next; the rest comes when it is asked for. */
  async function answered(areChunksLent: boolean) {
    const rest = Promise.withResolvers<void>()
    const server = createServer(async socket => {
      socket.on('error', () => undefined)
      await once(socket, 'data')
      const head = (bytes: Buffer) => `${bytes.length.toString(16)}\r\n`
      const beginning = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${head(FIRST)}`
      const between = Buffer.from(`\r\n${head(SECOND)}`)
      socket.write(Buffer.concat([Buffer.from(beginning), FIRST, between, SECOND.subarray(0, 20_000)]))
      await rest.promise
      socket.write(SECOND.subarray(20_000))
      socket.write('\r\n0\r\n\r\n')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const memory = new ReadMemory()
    const agent = new Agent({ connect: { onread: memory.onread, allowH2: false } })
    open.push({ server, agent })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const reading = { memory, areChunksLent }
    const { body } = await exchange(
      agent,
      { origin, path: '/', method: 'GET' },
      { reading, signal: undefined },
    )
    return { body, rest: rest.resolve, memory }
  }

  it('is left alone as long as somebody has one of the pieces', async () => {
    const { body, rest } = await answered(false)
    const chunks: Uint8Array[] = []
    for await (const chunk of body) {
      chunks.push(chunk)
      rest()
    }
    expect(Buffer.concat(chunks).equals(Buffer.concat([FIRST, SECOND]))).toBe(true)
  })

  it('keeps what its reader looks at while the rest is dropped', async () => {
    const { body, memory } = await answered(true)
    const { value } = await body[Symbol.asyncIterator]().next()
    const seen = Buffer.from(value!)
    body.drop()
    const take = memory.onread.buffer as () => Uint8Array
    for (let taken = 0; taken < 10; taken++) take().fill(0)
    expect(seen.equals(value!)).toBe(true)
  })
})
