import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { expectFailure } from '../contract/samples.ts'
import type { ObjectStore } from '../object-store.ts'
import { gcsSettings } from './config.ts'
import { createGcsStore } from './gcs-store.ts'

/** Rewrites as Google documents them, which fake-gcs-server does by halves. */

const open: { server: Server; store: ObjectStore }[] = []
afterEach(async () => {
  for (const { server, store } of open.splice(0)) {
    await store.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

interface Seen {
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly body: unknown
}

async function storeAgainst(
  answer: (request: Seen) => { status?: number; body: unknown },
): Promise<{ store: ObjectStore; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { pathname, searchParams } = new URL(request.url!, 'http://x')
    const asked = {
      method: request.method!,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body: text.startsWith('{') ? JSON.parse(text) : text,
    }
    seen.push(asked)
    const { status = 200, body } = answer(asked)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const settings = gcsSettings.parse({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploadsInParts: 'composed',
    capabilities: {
      conditionalPut: true,
      serverSideCopy: true,
      storageClasses: ['STANDARD', 'NEARLINE'],
      objectLock: true,
    },
  })
  const store = createGcsStore({ name: 'google', settings, credentials: null })
  open.push({ server, store })
  return { store, seen }
}

const resource = (facts: object = {}) => ({
  name: 'k',
  generation: '7',
  size: '10',
  updated: '2026-01-01T00:00:00Z',
  etag: 'CAc=',
  contentType: 'text/plain',
  storageClass: 'STANDARD',
  metadata: { a: 'b' },
  ...facts,
})
const identity = { etag: 'CAc=', versionId: '7' }

describe('a rewrite at Google', () => {
  it('goes on with its token until it is done, and names the bytes it means', async () => {
    let calls = 0
    const { store, seen } = await storeAgainst(() => {
      calls++
      return {
        body: calls < 3 ? { done: false, rewriteToken: `t${calls}` } : { done: true, resource: resource() },
      }
    })
    const from = { container: 'one', key: 'a/b', identity }
    const copied = await store.copyWithin!(
      from,
      { container: 'two', key: 'c d' },
      {
        size: 10,
        metadata: { m: 'ü' },
        storageClass: 'NEARLINE',
        condition: { kind: 'absent' },
      },
    )
    expect(copied.identity).toEqual(identity)
    expect(seen.map(({ query }) => query.rewriteToken)).toEqual([undefined, 't1', 't2'])
    for (const { path, query, body } of seen) {
      expect(path).toBe('/storage/v1/b/one/o/a%2Fb/rewriteTo/b/two/o/c%20d')
      expect(query).toMatchObject({
        sourceGeneration: '7',
        ifSourceGenerationMatch: '7',
        ifGenerationMatch: '0',
      })
      expect(body).toEqual({ name: 'c d', metadata: { m: 'ü' }, storageClass: 'NEARLINE' })
    }
  })

  it('changes a storage class with all facts, over this generation only', async () => {
    let storageClass = 'STANDARD'
    const { store, seen } = await storeAgainst(({ method }) => {
      if (method === 'GET') return { body: resource({ storageClass }) }
      storageClass = 'NEARLINE'
      return { body: { done: true, resource: resource({ storageClass }) } }
    })
    const changed = await store.changeStorageClass!('one', 'k', 'NEARLINE', { onlyIf: identity })
    expect(changed).toMatchObject({ storageClass: 'NEARLINE', metadata: { a: 'b' } })
    const { query, body } = seen.find(({ method }) => method === 'POST')!
    expect(query).toMatchObject({ ifSourceGenerationMatch: '7', ifGenerationMatch: '7' })
    expect(body).toMatchObject({ contentType: 'text/plain', metadata: { a: 'b' }, storageClass: 'NEARLINE' })
  })

  it('deletes a former generation by its number, and one that is gone is no error', async () => {
    let isGone = false
    const { store, seen } = await storeAgainst(({ method }) =>
      method === 'DELETE' && isGone
        ? { status: 404, body: { error: { code: 404, message: 'No such object: one/k' } } }
        : { body: {} },
    )
    await store.delete('one', 'k', { onlyIf: identity, isFormer: true })
    isGone = true
    await store.delete('one', 'k', { onlyIf: identity, isFormer: true })
    const deletions = seen.filter(({ method }) => method === 'DELETE')
    expect(deletions.map(({ query }) => query)).toMatchObject([{ generation: '7' }, { generation: '7' }])
    expect(deletions[0]!.query).not.toHaveProperty('ifGenerationMatch')
  })

  it('leaves alone what a hold keeps', async () => {
    const held = resource({ temporaryHold: true, retentionExpirationTime: '2030-01-01T00:00:00Z' })
    const { store } = await storeAgainst(() => ({ body: held }))
    expect((await store.head('one', 'k')).lock).toEqual({
      retention: { mode: 'compliance', until: Date.parse('2030-01-01T00:00:00Z') },
      legalHold: true,
    })
    await expectFailure(store.changeStorageClass!('one', 'k', 'NEARLINE', { onlyIf: identity }), 'locked')
  })

  it('takes no copy of another length for the whole, nor one without an end', async () => {
    const short = await storeAgainst(() => ({ body: { done: true, resource: resource({ size: '9' }) } }))
    const from = { container: 'one', key: 'a', identity }
    const to = { container: 'one', key: 'b' }
    await expectFailure(short.store.copyWithin!(from, to, { size: 10 }), 'truncated')
    const odd = await storeAgainst(() => ({ body: { kind: 'page' } }))
    const failure = await expectFailure(odd.store.copyWithin!(from, to, { size: 10 }), 'unexpected')
    expect(failure.retry).toBe('unknown-outcome')
  })

  it('composes parts under the condition of the whole only', async () => {
    const uploadId = 'a'.repeat(22)
    const prefix = `.data-in-motion/uploads/${uploadId}/`
    const items = Array.from({ length: 33 }, (_, index) =>
      resource({ name: `${prefix}part-${String(index + 1).padStart(5, '0')}`, generation: `${index + 100}` }),
    )
    const { store, seen } = await storeAgainst(({ method, path, query }) => {
      if (method === 'DELETE') return { body: {} }
      if (query.alt === 'media') return { body: { key: 'k', facts: { storageClass: 'NEARLINE' } } }
      if (path.endsWith('/o')) return { body: { items } }
      return { body: resource() }
    })
    const parts = items.map((_, index) => ({ partNumber: index + 1, etag: `${index + 100}` }))
    await store.multipart!.complete('one', 'k', uploadId, parts, { condition: { kind: 'absent' } })
    const composed = seen.filter(({ path }) => path.endsWith('/compose'))
    expect(composed.map(({ query }) => query.ifGenerationMatch)).toEqual([undefined, undefined, '0'])
    expect(composed[0]!.body).toMatchObject({
      sourceObjects: items.slice(0, 32).map(({ name, generation }) => ({ name, generation })),
      destination: { storageClass: 'STANDARD' },
    })
    expect(composed[2]!.body).toMatchObject({ destination: { name: 'k', storageClass: 'NEARLINE' } })
    const deleted = seen.filter(({ method }) => method === 'DELETE').length
    expect(deleted).toBe(34)
    const wrong = parts.map(part => ({ ...part, etag: '1' }))
    await expectFailure(store.multipart!.complete('one', 'k', uploadId, wrong), 'invalid-part')
  })

  it('writes with a retention and a hold', async () => {
    const { store, seen } = await storeAgainst(() => ({ body: resource({ size: '3' }) }))
    const until = Date.parse('2030-01-01T00:00:00Z')
    const kept = store.put('one', 'k', Buffer.from('abc'), {
      size: 3,
      lock: { retention: { mode: 'governance', until }, legalHold: true },
    })
    await kept
    expect(String(seen[0]!.body)).toContain(
      '"retention":{"mode":"Unlocked","retainUntilTime":"2030-01-01T00:00:00.000Z"},"temporaryHold":true',
    )
  })
})
