import { Agent, request } from 'undici'

/** A round of load: GETs of these addresses in turn, by so many clients at once, for so long. */
export interface LoadOrder {
  readonly origin: string
  readonly requests: readonly { readonly path: string; readonly headers: Record<string, string> }[]
  readonly clients: number
  readonly seconds: number
  readonly bytesEach: number
}

/** What the round came to. */
export interface LoadResult {
  readonly requestsPerSecond: number
  readonly bytesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const agent = new Agent({ connections: order.clients, pipelining: 1 })
  const latencies: number[] = []
  const start = performance.now()
  const end = start + order.seconds * 1_000
  let next = 0
  const client = async () => {
    while (performance.now() < end) {
      const wanted = order.requests[next++ % order.requests.length]!
      const began = performance.now()
      const answer = await request(order.origin + wanted.path, {
        dispatcher: agent,
        headers: wanted.headers,
      })
      let bytes = 0
      for await (const chunk of answer.body) bytes += (chunk as Buffer).length
      if (answer.statusCode !== 200 || bytes !== order.bytesEach) {
        throw new Error(`${wanted.path}: status ${answer.statusCode}, ${bytes} bytes`)
      }
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: order.clients }, client))
  const seconds = (performance.now() - start) / 1_000
  await agent.close()
  latencies.sort((left, right) => left - right)
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0
  return {
    requestsPerSecond: latencies.length / seconds,
    bytesPerSecond: (latencies.length * order.bytesEach) / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    result => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
