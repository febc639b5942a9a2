import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import type { DemoApi } from './demo-api.ts'
import { DEMO, type DemoSite, ON_PREM } from './demo-settings.ts'
import type { RunningSite } from './demo-sites.ts'

/** Ids of what the demo set up, or found set up by an earlier run over the same data. */
export interface DemoWorld {
  readonly bucketId: string
  readonly onPremLocationId: string
}

interface Named {
  readonly id: string
  readonly name: string
}

interface Page<T> {
  readonly items: readonly T[]
}

/**
 * Makes stores, locations, policy and bucket through the public API, each only where it is missing. A
 * site whose port was taken meanwhile has another one, so stores that are there already are told theirs.
 */
export async function setUpWorld(
  api: DemoApi,
  options: { folder: string; sites: readonly RunningSite[] },
): Promise<DemoWorld> {
  const onPremStore = await ensure(api, 'stores', ON_PREM.name, () => ({
    name: ON_PREM.name,
    kind: 'filesystem',
    settings: { root: path.join(options.folder, 'on-prem'), durability: DEMO.durability },
  }))
  const onPrem = await ensure(api, 'locations', ON_PREM.name, () => ({
    name: ON_PREM.name,
    storeId: onPremStore.id,
    container: ON_PREM.container,
    tier: 'hot',
    priceId: ON_PREM.priceId,
    region: ON_PREM.region,
    firstByteMsP99: 10,
  }))
  for (const site of options.sites) await ensureSite(api, site)
  const policy = await ensure(api, 'policies', 'demo', async () => ({ spec: await readDemoPolicy() }))
  const bucket = await ensure(api, 'buckets', DEMO.bucket, () => ({
    name: DEMO.bucket,
    mode: 'exclusive',
    writeLocationId: onPrem.id,
    policyId: policy.id,
  }))
  return { bucketId: bucket.id, onPremLocationId: onPrem.id }
}

async function ensureSite(api: DemoApi, running: RunningSite): Promise<void> {
  const { site, endpoint } = running
  const settings = storeSettings(site, endpoint)
  const found = await find(api, 'stores', site.name)
  if (found !== null) await api.patch(`/v1/stores/${found.id}`, { settings })
  const store =
    found ??
    (await api.post<Named>('/v1/stores', {
      name: site.name,
      kind: 's3',
      settings,
      credentials: await running.createAccessKey(),
    }))
  await ensure(api, 'locations', site.name, () => ({
    name: site.name,
    storeId: store.id,
    container: site.container,
    tier: site.tier,
    priceId: site.priceId,
    region: site.region,
    firstByteMsP99: 100,
  }))
}

/** The site is our own gateway, so what it can do is known and need not be probed. */
function storeSettings(site: DemoSite, endpoint: string): Record<string, unknown> {
  return {
    endpoint,
    region: site.region,
    incompleteBodies: 'refused',
    capabilities: {
      conditionalPut: true,
      conditionalDelete: false,
      conditionalRead: true,
      reportedDigests: ['sha256', 'crc64nvme'],
    },
  }
}

/** Shipped with the product as an example, so that a reader can change it and see what happens. */
async function readDemoPolicy(): Promise<unknown> {
  const file = path.resolve(import.meta.dirname, '../../../examples/policies/demo.yaml')
  return parse(await readFile(file, 'utf8'))
}

async function ensure(
  api: DemoApi,
  noun: string,
  name: string,
  body: () => unknown | Promise<unknown>,
): Promise<Named> {
  return (await find(api, noun, name)) ?? api.post<Named>(`/v1/${noun}`, await body())
}

async function find(api: DemoApi, noun: string, name: string): Promise<Named | null> {
  const page = await api.get<Page<Named>>(`/v1/${noun}?limit=1000`)
  return page.items.find(item => item.name === name) ?? null
}
