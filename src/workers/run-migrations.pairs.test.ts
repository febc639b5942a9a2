import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestApi } from '../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { aPolicy, aPriceBook, NOW } from '../../test/builders/placement.ts'
import { planUntilRest } from '../../test/builders/planning.ts'
import { startAzurite } from '../../test/services/azurite.ts'
import { startGcsServer } from '../../test/services/gcs-server.ts'
import { startS3Server } from '../../test/services/s3-server.ts'
import { insertPolicy, updatePolicy } from '../database/placement/policies.ts'
import { insertPriceBook } from '../database/placement/price-books.ts'
import { MIB } from '../domain/bytes.ts'
import { newId } from '../domain/identifiers.ts'
import { provenBytesMaxOf } from '../domain/publication-way.ts'
import { createAzureBlobStore } from '../stores/azure-blob/azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from '../stores/azure-blob/config.ts'
import { createFilesystemStore } from '../stores/filesystem/filesystem-store.ts'
import { gcsSettings } from '../stores/gcs/config.ts'
import { createGcsStore } from '../stores/gcs/gcs-store.ts'
import type { ObjectStore, PutFacts } from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'

/**
 * Objects go from every kind of store to every other one and back through the real planner and mover, on real
 * servers. Each must arrive with the same bytes, headers, metadata and, where the target keeps any, tags; and the
 * fidelity report of the plan has said before what would not.
 */

type Kind = 's3' | 'azure-blob' | 'gcs' | 'filesystem'

const servers = {
  s3: await startS3Server(),
  'azure-blob': await startAzurite(),
  gcs: await startGcsServer(),
}
const folder = await mkdtemp(join(tmpdir(), 'dim-pairs-'))
const running = Object.values(servers).filter(server => 'stop' in server)
const missing = Object.values(servers).find(server => 'missing' in server)
afterAll(async () => {
  await Promise.all(running.map(server => server.stop()))
  await rm(folder, { recursive: true, force: true })
})

const PAIRS: readonly (readonly [Kind, Kind])[] = [
  ['s3', 'azure-blob'],
  ['s3', 'gcs'],
  ['s3', 'filesystem'],
  ['azure-blob', 'gcs'],
  ['azure-blob', 'filesystem'],
  ['gcs', 'filesystem'],
]

const FACTS: PutFacts = {
  headers: {
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: 'gzip',
    cacheControl: 'max-age=3600, private',
    contentDisposition: 'attachment; filename="a b.txt"',
  },
  metadata: { unicode: 'Grüße, 日本語 😀', long: 'x'.repeat(900), 'dashes-and.dots_1': 'a, b', empty: '' },
  tags: { project: 'Apollo 11', empty: '' },
}
const MANY: PutFacts = {
  metadata: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`name-${n}`, `value ${n}`])),
}

const OBJECTS: readonly { key: string; size: number; facts: PutFacts }[] = [
  { key: 'nothing', size: 0, facts: FACTS },
  { key: 'ä 😀/é +%&?#=/日本語', size: 1, facts: {} },
  { key: `${'long segment/'.repeat(60)}end`, size: 100 * 1024, facts: MANY },
  { key: "it's (odd); [k]ey!*~$@,:", size: 70_000, facts: FACTS },
  { key: 'in/parts', size: 9 * MIB + 7, facts: FACTS },
]

/** How a copy in one piece is proven at its target. */
const PROOF_OF_WHOLE: Readonly<Record<Kind, string>> = {
  s3: 'target-checksum',
  'azure-blob': 'target-checksum',
  // Nobody but us computes what a sidecar says.
  filesystem: 'read-back',
  gcs: 'target-checksum',
}

/** How a copy in parts, or by a resumable upload, is proven at its target. */
const PROOF_OF_PARTS: Readonly<Record<Kind, string>> = {
  // Its completion tells a checksum of the whole.
  s3: 'target-checksum',
  // A block list has no digest that Azure computed.
  'azure-blob': 'read-back',
  filesystem: 'read-back',
  // Every object has a CRC-32C, however it came.
  gcs: 'target-checksum',
}

const DATES = { 'own-dates': { fate: 'catalog', objects: OBJECTS.length } }

/** What a plan says that its objects lose on the way to a store of this kind. */
const REPORT_TO: Readonly<Record<Kind, object>> = {
  s3: DATES,
  'azure-blob': DATES,
  filesystem: DATES,
  gcs: {
    ...DATES,
    'tags-not-kept': { fate: 'catalog', objects: OBJECTS.filter(({ facts }) => facts.tags).length },
  },
}

describe('moves between', () => {
  if (missing !== undefined && 'missing' in missing) {
    it.skip(`every pair of stores [skipped: ${missing.missing}]`)
    return
  }
  it.each(PAIRS)('%s and %s bring everything there and back', async (from, to) => {
    const stores = { hot: openStore(from), cold: openStore(to) }
    const world = await createMovingWorld({ stores })
    const { container } = (await world.parts.locationById(world.locationIds.cold))!
    await stores.cold.ensureContainer(container)
    for (const { key, size, facts } of OBJECTS) await world.addObject(key, sampleOf(size, key), { facts })
    const planning = await startPlanning(world)
    for (const [source, target] of [
      ['hot', 'cold'],
      ['cold', 'hot'],
    ] as const) {
      const { ids, report } = await planning.moveTo(target)
      expect(report).toEqual(REPORT_TO[target === 'cold' ? to : from])
      await finish(world, ids)
      for (const [index, object] of OBJECTS.entries()) {
        const { evidence, key, state } = await world.migration(ids[index]!)
        expect(key).toBe(object.key)
        expect({ key: object.key, state, error: evidence.error }).toMatchObject({ state: 'done' })
        const proofs = object.size > 8 * MIB ? PROOF_OF_PARTS : PROOF_OF_WHOLE
        const proof = proofs[target === 'cold' ? to : from]
        expect({ key: object.key, proof: evidence.verifiedBy }).toEqual({ key: object.key, proof })
        // What the plan priced is what was done.
        const provenMax = provenBytesMaxOf(stores[target].capabilities)
        const isPricedAsRead = provenMax !== null && (provenMax === 0 || object.size > provenMax)
        expect({ key: object.key, isPricedAsRead }).toEqual({
          key: object.key,
          isPricedAsRead: proof === 'read-back',
        })
        await expectWhole(world, stores[target], container, object)
        const left = stores[source].head(container, object.key)
        await expect(left).rejects.toMatchObject({ kind: 'not-found' })
      }
    }
    await planning.end()
    await stores.hot.close()
    await stores.cold.close()
    await world.dispose()
  })

  it.each([
    ['s3', 'x//y'],
    ['azure-blob', 'a./b'],
    ['gcs', 'line\nbreak'],
  ] as const)('a folder and %s leave alone a key that would not be kept', async (kind, key) => {
    const stores = { hot: openStore('filesystem'), cold: openStore(kind) }
    const world = await createMovingWorld({ stores })
    const { container } = (await world.parts.locationById(world.locationIds.cold))!
    await world.addObject(key, sampleOf(10))
    await stores.cold.ensureContainer(container)
    const before = (await stores.cold.list(container)).objects
    const id = await world.plan(key)
    await finish(world, [id])
    expect(await world.migration(id)).toMatchObject({
      state: 'quarantined',
      attempt: 1,
      evidence: { error: { kind: 'invalid-key' } },
    })
    expect((await stores.cold.list(container)).objects).toEqual(before)
    expect(await world.read(key)).toEqual(sampleOf(10))
    await stores.cold.close()
    await world.dispose()
  })
})

/**
 * Has every object planned to where the policy wants it, reads the fidelity report of the plan and approves it, as a
 * person does through the API. Resolves to the migrations in the order of {@link OBJECTS}.
 */
async function startPlanning(world: MovingWorld) {
  const { database } = world.test
  const policyId = newId()
  const specFor = (tier: string) => aPolicy({ tiers: [tier], graceHours: 0, approval: 'person' })
  world.modelClock.at = NOW
  const book = aPriceBook([{ id: 'p', storageUsdPerGbMonth: 0.01 }])
  await insertPriceBook(database, { id: newId(), book, principal: 'user:test' })
  await insertPolicy(database, { id: policyId, spec: specFor('hot'), principal: 'user:test' })
  await database.query('update bucket set policy_id = $1', [policyId])
  const api = await startTestApi(database, {
    clock: world.modelClock,
    stores: {
      checkSettings: () => [],
      // The API closes what it opens; the mover goes on with it.
      open: ({ name }) => new Proxy(storeNamed(world, name), { get: unlessClose }),
      learn: async () => ({ settings: {}, vendor: null, notes: [] }),
    },
  })
  const ask = async (method: string, url: string, body?: object) => {
    const answer = await api.send(method, url, body === undefined ? {} : { body })
    expect({ url, status: answer.statusCode }).toEqual({ url, status: 200 })
    return answer.json()
  }
  let revision = 1

  async function moveTo(tier: 'hot' | 'cold') {
    await updatePolicy(database, { id: policyId, revision: revision++ }, specFor(tier), 'user:test')
    await planUntilRest({ database, modelClock: world.modelClock, storeOf: world.parts.openStore })
    const [plan] = (await ask('GET', '/v1/plans?state=proposed')).items
    const { objects, reasons, unjudged } = await ask('GET', `/v1/plans/${plan.id}/fidelity`)
    expect({ objects, unjudged }).toEqual({ objects: OBJECTS.length, unjudged: 0 })
    const report = Object.fromEntries(
      reasons.map((told: { reason: string; fate: string; objects: number }) => [
        told.reason,
        { fate: told.fate, objects: told.objects },
      ]),
    )
    await ask('POST', `/v1/plans/${plan.id}/approve`, {})
    const { rows } = await database.query<{ id: string; key: string }>(
      'select id, key from migration where plan_id = $1',
      [plan.id],
    )
    return { report, ids: OBJECTS.map(({ key }) => rows.find(row => row.key === key)!.id) }
  }

  return { moveTo, end: () => api.app.close() }
}

function storeNamed({ stores }: MovingWorld, name: string): ObjectStore {
  return name === 'hot-store' ? stores.hot : stores.cold
}

function unlessClose(store: ObjectStore, name: string | symbol): unknown {
  return name === 'close' ? async () => undefined : Reflect.get(store, name)
}

async function expectWhole(
  world: MovingWorld,
  store: ObjectStore,
  container: string,
  { key, size, facts }: (typeof OBJECTS)[number],
): Promise<void> {
  expect(sha256Of(await world.read(key))).toBe(sha256Of(sampleOf(size, key)))
  const found = await store.head(container, key, { withTags: true })
  expect(found.size).toBe(size)
  expect(found.headers).toMatchObject(facts.headers ?? {})
  expect(found.metadata).toMatchObject(facts.metadata ?? {})
  if (store.capabilities.tags) expect(found.tags).toEqual(facts.tags ?? {})
}

function openStore(kind: Kind): ObjectStore {
  const name = `${kind}-store`
  switch (kind) {
    case 's3': {
      const { endpoint, accessKeyId, secretAccessKey } = started(servers.s3)
      const credentials = s3Credentials.parse({ accessKeyId, secretAccessKey })
      const settings = s3Settings.parse({
        endpoint,
        keys: 'paths',
        capabilities: {
          conditionalPut: true,
          conditionalDelete: true,
          reportedDigests: ['crc64nvme', 'sha256'],
          multipartDigests: true,
          tags: true,
        },
      })
      return createS3Store({ name, settings, credentials })
    }
    case 'azure-blob': {
      const { endpoint, account, accountKey } = started(servers['azure-blob'])
      const credentials = azureBlobCredentials.parse({ accountKey })
      return createAzureBlobStore({
        name,
        settings: azureBlobSettings.parse({ account, endpoint }),
        credentials,
      })
    }
    case 'gcs': {
      const { endpoint, projectId } = started(servers.gcs)
      const settings = gcsSettings.parse({
        endpoint,
        projectId,
        deletes: 'by-generation',
        capabilities: { conditionalPut: true, conditionalDelete: true, reportedDigests: ['crc32c'] },
      })
      return createGcsStore({ name, settings, credentials: null })
    }
    case 'filesystem':
      return createFilesystemStore({ name, settings: { root: folder, durability: 'none' } })
  }
}

function started<Server>(server: Server | { readonly missing: string }): Server {
  if (typeof server === 'object' && server !== null && 'missing' in server) throw new Error(server.missing)
  return server as Server
}

/** Works until all have ended. */
async function finish(world: MovingWorld, ids: readonly string[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await world.work()
    await world.sweep()
    const all = await Promise.all(ids.map(id => world.migration(id)))
    if (all.every(migration => migration.finishedAt !== null)) return
    await world.letTimePass()
    world.endGrace()
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
