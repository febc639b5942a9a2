import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { insertActivities } from '../../database/people/activities.ts'

interface StreamEvent {
  readonly id: string | null
  readonly event: string
  readonly data: { subject?: string; total?: unknown }
}

let test: TestDatabase
let api: TestApi
let url: string
const open: AbortController[] = []
/** An answer that nobody holds any more may be collected, and with it its connection is given up. */
const held: Response[] = []
beforeAll(async () => {
  test = await createTestDatabase()
  api = await startTestApi(test.database, { config: { streamClientsMax: 3 } })
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const address = api.app.server.address()
  if (typeof address === 'string' || address === null) throw new Error('no port')
  url = `http://127.0.0.1:${address.port}/v1/stream`
})
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort()
  held.length = 0
})
afterAll(async () => {
  await api.app.close()
  await test.drop()
})

const tell = (...subjects: string[]) =>
  insertActivities(
    test.database,
    subjects.map(subject => ({ kind: 'test.happened', subject, detail: {}, principal: 'system:test' })),
  )

async function openStream(headers: Record<string, string> = {}): Promise<Response> {
  const controller = new AbortController()
  open.push(controller)
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${api.tokens.viewer}`, accept: 'text/event-stream', ...headers },
    signal: controller.signal,
  })
  held.push(response)
  return response
}

/** Opens one stream more; a place that was left may take a moment to become free. */
async function untilOneOpens(): Promise<void> {
  await expect.poll(async () => (await openStream()).status, { timeout: 10_000 }).toBe(200)
}

/** Events of a stream as they come. */
async function* eventsOf(response: Response): AsyncGenerator<StreamEvent, void, void> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      text = text.slice(end + 2)
      const data = fields.get('data')
      if (data !== undefined)
        yield {
          id: fields.get('id') ?? null,
          event: fields.get('event') ?? 'message',
          data: JSON.parse(data),
        }
    }
  }
}

/** The activities a stream shows until this subject. */
async function activitiesUntil(response: Response, last: string): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = []
  for await (const event of eventsOf(response)) {
    if (event.event !== 'activity') continue
    seen.push(event)
    if (event.data.subject === last) return seen
  }
  throw new Error(`the stream ended before ${last}`)
}

const subjectsOf = (events: readonly StreamEvent[]) => events.map(event => event.data.subject)

describe('the live stream', () => {
  it('tells what happens, in order, with ids', async () => {
    const stream = await openStream()
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    await tell('one', 'two')
    await tell('three')
    const seen = await activitiesUntil(stream, 'three')
    expect(subjectsOf(seen)).toEqual(['one', 'two', 'three'])
    const ids = seen.map(event => Number(event.id))
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('ticks the overview without an id, so that it does not disturb resuming', async () => {
    for await (const event of eventsOf(await openStream())) {
      if (event.event !== 'overview') continue
      expect(event.id).toBeNull()
      expect(event.data).toHaveProperty('total')
      expect(event.data).not.toHaveProperty('series')
      return
    }
  })

  it('resumes after the last id a client saw, missing nothing and repeating nothing', async () => {
    const stream = await openStream()
    await tell('seen-1', 'seen-2')
    const seen = await activitiesUntil(stream, 'seen-2')
    open.pop()!.abort()
    await tell('missed-1', 'missed-2')
    const resumed = openStream({ 'last-event-id': seen.at(-1)!.id! })
    await tell('live')
    expect(subjectsOf(await activitiesUntil(await resumed, 'live'))).toEqual(['missed-1', 'missed-2', 'live'])
  })

  it('tells a client that missed too much to load everything again', async () => {
    await tell(...Array.from({ length: 600 }, (_, index) => `bulk-${index}`))
    const firstOf = async () => {
      for await (const { event } of eventsOf(await openStream({ 'last-event-id': '1' }))) return event
      return 'nothing'
    }
    await expect.poll(firstOf, { timeout: 10_000 }).toBe('reset')
  })

  it('has a bound, and asks who wants in', async () => {
    // The server may still be noticing that the streams of the test before are gone.
    for (let opened = 0; opened < 3; opened += 1) await untilOneOpens()
    const refused = await openStream()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect((await openStream({ authorization: 'Bearer nobody' })).status).toBe(401)
    for (const controller of open.splice(0)) controller.abort()
    await untilOneOpens()
  })

  it('refuses ids that are not its own', async () => {
    expect((await openStream({ 'last-event-id': 'x' })).status).toBe(400)
  })

  it('goes on by looking when its connection for notifications is lost', async () => {
    const stream = await openStream()
    await test.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query like 'listen%' and pid <> pg_backend_pid()`,
    )
    await tell('after the loss')
    expect(subjectsOf(await activitiesUntil(stream, 'after the loss'))).toEqual(['after the loss'])
  })

  it('does not keep the server from closing, even with a client that reads nothing', async () => {
    const other = await startTestApi(test.database)
    await other.app.listen({ host: '127.0.0.1', port: 0 })
    const address = other.app.server.address() as { port: number }
    const socket = connect(address.port, '127.0.0.1')
    socket.on('error', () => socket.destroy())
    socket.write(
      `GET /v1/stream HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer ${other.tokens.viewer}\r\n\r\n`,
    )
    await new Promise(resolve => socket.once('readable', resolve))
    await other.app.close()
    socket.destroy()
  })
})
