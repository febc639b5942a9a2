import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ListedObject } from '../stores/object-store.ts'
import { areListingsOfOnePlace, isSamePlace, type Place, placeOf } from './places.ts'

const folder = (root: string, container: string) =>
  placeOf({ id: root, kind: 'filesystem', settings: { root } }, container)
const bucket = (endpoint: string | undefined, container: string) =>
  placeOf(
    { id: String(endpoint), kind: 's3', settings: endpoint === undefined ? {} : { endpoint } },
    container,
  )

const areOne = async (one: Promise<Place>, other: Promise<Place>) => isSamePlace(await one, await other)
const blobs = (settings: object, container: string) =>
  placeOf({ id: 'x', kind: 'azure-blob', settings: { account: 'acme', ...settings } }, container)

const google = (settings: object, container: string) =>
  placeOf({ id: 'x', kind: 'gcs', settings: { ...settings } }, container)

describe('two places', () => {
  let disk: string
  beforeAll(async () => {
    disk = await mkdtemp(path.join(tmpdir(), 'dim-places-'))
    await mkdir(path.join(disk, 'real', 'inner'), { recursive: true })
    await symlink(path.join(disk, 'real'), path.join(disk, 'alias'))
  })
  afterAll(() => rm(disk, { recursive: true }))

  it('are one when a link leads to the folder, to one above it or into it, there or not yet', async () => {
    const real = path.join(disk, 'real')
    const alias = path.join(disk, 'alias')
    expect(await areOne(folder(real, 'inner'), folder(alias, 'inner'))).toBe(true)
    expect(await areOne(folder(real, 'new'), folder(alias, 'new'))).toBe(true)
    expect(await areOne(folder(real, 'inner'), folder(path.join(alias, 'inner', 'deep'), 'new'))).toBe(true)
    expect(await areOne(folder(real, 'inner'), folder(alias, 'new'))).toBe(false)
  })

  it('are one when Azure account and container are, in the path or in the host name', async () => {
    const here = 'http://localhost:10000/acme'
    expect(
      await areOne(blobs({}, 'c'), blobs({ endpoint: 'https://acme.blob.core.windows.net/' }, 'c')),
    ).toBe(true)
    expect(
      await areOne(blobs({ endpoint: here }, 'c'), blobs({ endpoint: 'http://127.0.0.1:10000/acme/' }, 'c')),
    ).toBe(true)
    expect(
      await areOne(blobs({ endpoint: here }, 'c'), blobs({ endpoint: 'http://localhost:10000/other' }, 'c')),
    ).toBe(false)
    expect(await areOne(blobs({}, 'c'), blobs({}, 'd'))).toBe(false)
  })

  it('are one when the Google bucket is, also where it is reached as S3 or over a private endpoint', async () => {
    const isPlaceOfB = (other: ReturnType<typeof google>) => areOne(google({}, 'b'), other)
    expect(await isPlaceOfB(google({ endpoint: 'https://storage-x.p.googleapis.com' }, 'b'))).toBe(true)
    expect(await isPlaceOfB(bucket('https://storage.googleapis.com', 'b'))).toBe(true)
    expect(await isPlaceOfB(google({}, 'c'))).toBe(false)
    expect(await isPlaceOfB(google({ endpoint: 'http://127.0.0.1:4443' }, 'b'))).toBe(false)
    expect(await isPlaceOfB(bucket(undefined, 'b'))).toBe(false)
  })

  it('are one when their folders are equal or nested, whatever the stores are called', async () => {
    expect(await areOne(folder('/data', 'a'), folder('/data/', 'a'))).toBe(true)
    expect(await areOne(folder('/data', 'a/b'), folder('/data/a', 'b'))).toBe(true)
    expect(await areOne(folder('/data', 'a'), folder('/data/a', 'b'))).toBe(true)
    expect(await areOne(folder('/data', 'a'), folder('/data', 'ab'))).toBe(false)
  })

  it('are one when endpoint and bucket are, by any name of this machine', async () => {
    expect(await areOne(bucket('http://localhost:9000', 'b'), bucket('http://127.0.0.1:9000', 'b'))).toBe(
      true,
    )
    expect(
      await areOne(bucket('https://S3.example.org', 'b'), bucket('https://s3.example.org:443/', 'b')),
    ).toBe(true)
    expect(await areOne(bucket(undefined, 'b'), bucket(undefined, 'b'))).toBe(true)
    expect(await areOne(bucket('http://localhost:9000', 'b'), bucket('http://localhost:9001', 'b'))).toBe(
      false,
    )
    expect(await areOne(bucket('http://localhost:9000', 'b'), bucket('http://localhost:9000', 'c'))).toBe(
      false,
    )
  })
})

it('listings of one place agree in most of what they show, those of two places do not', () => {
  const object = (key: string, lastModified = 1): ListedObject => {
    return { key, size: 1, etag: key, lastModified, storageClass: null }
  }
  const all = ['a', 'b', 'c', 'd'].map(key => object(key))
  expect(areListingsOfOnePlace(all, all)).toBe(true)
  expect(areListingsOfOnePlace(all, [...all.slice(1), object('e')])).toBe(true)
  const copied = all.map(({ key }) => object(key, 2))
  expect(areListingsOfOnePlace(all, copied)).toBe(false)
  expect(areListingsOfOnePlace(all, all.slice(0, 1))).toBe(false)
  expect(areListingsOfOnePlace([], [])).toBe(false)
})
