import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { type ReidentifiedCopy, reidentifyCopies } from './re-identify-copies.ts'

const run = promisify(execFile)
let test: TestDatabase
let root: string
let door: TestGateway
let folder: string
let bucketId: string

beforeEach(async () => {
  test = await createTestDatabase({ connectionsMax: 12 })
  root = await mkdtemp(path.join(tmpdir(), 'dim-restored-'))
  const settings = { root: path.join(root, 'data'), durability: 'none' as const }
  door = await startTestGateway({
    database: test.database,
    store: createFilesystemStore({ name: 'hot', settings }),
  })
  bucketId = (await door.addBucket('owner')).id
  await door.addBucket('second')
  folder = path.join(root, 'data', door.location.container)
  for (const Key of ['a', 'b', 'c']) await put('owner', Key)
  await put('second', 'a')
})
afterEach(async () => {
  await door.close()
  await test.drop()
  await rm(root, { recursive: true })
})

const put = (Bucket: string, Key: string) =>
  door.client.send(new PutObjectCommand({ Bucket, Key, Body: `${Bucket}/${Key}` }))
const read = async (Bucket: string, Key: string) => {
  try {
    const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key }))
    return await Body!.transformToString()
  } catch (error) {
    return (error as Error).name
  }
}

/** What a restore without times leaves: the same bytes, all of now. */
async function restoreWithoutTimes(): Promise<void> {
  const moment = new Date(Date.now() + 60_000)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter(
    found => found.isFile() && !found.parentPath.includes('.data-in-motion'),
  ))
    await utimes(path.join(entry.parentPath, entry.name), moment, moment)
}

async function reidentify() {
  const told: ReidentifiedCopy[] = []
  const summary = await reidentifyCopies({
    database: test.database,
    storeOf: async id => door.stores.get(id)!,
    locationId: door.location.id,
    concurrency: 2,
    signal: new AbortController().signal,
    onResult: copy => told.push(copy),
  })
  return { ...summary, told: told.filter(({ detail }) => detail !== null) }
}

describe('a folder store that was restored', () => {
  it('with its times is readable at once, and nothing has to be read to know it', async () => {
    await run('sh', ['-c', `cd '${root}' && cp -a data copy && rm -r data && mv copy data`])
    expect(await read('owner', 'a')).toBe('owner/a')
    expect(await reidentify()).toMatchObject({ bytes: 0, outcomes: { same: 4, adopted: 0 } })
  })

  it('without its times gives errors until its bytes are proven; all buckets of the container are', async () => {
    await restoreWithoutTimes()
    expect(await read('owner', 'a')).not.toBe('owner/a')
    expect(await reidentify()).toMatchObject({ outcomes: { same: 0, adopted: 4, damaged: 0 }, told: [] })
    for (const [bucket, key] of [
      ['owner', 'a'],
      ['owner', 'c'],
      ['second', 'a'],
    ] as const)
      expect(await read(bucket, key)).toBe(`${bucket}/${key}`)
    expect(await reidentify()).toMatchObject({ bytes: 0, outcomes: { same: 4, adopted: 0 } })
  })

  it('keeps damage apart: other bytes, other lengths, nothing there, nothing to compare with', async () => {
    await restoreWithoutTimes()
    await writeFile(path.join(folder, 'a'), 'ownerXa')
    await writeFile(path.join(folder, 'b'), 'longer than before')
    await rm(path.join(folder, 'c'))
    await test.database.query(
      `update object_version v set sha256 = null, sha256_source = null, crc64nvme = null
       from object o where o.id = v.object_id and o.bucket_id <> $1`,
      [bucketId],
    )
    const { outcomes, told } = await reidentify()
    expect(outcomes).toEqual({ same: 0, adopted: 0, damaged: 2, missing: 1, unproven: 1, error: 0 })
    expect(told.map(({ bucket, key, outcome }) => `${bucket}/${key} ${outcome}`).sort()).toEqual([
      'owner/a damaged',
      'owner/b damaged',
      'owner/c missing',
      'second/a unproven',
    ])
    for (const key of ['a', 'b', 'c']) expect(await read('owner', key)).not.toMatch(/owner|longer/)
  })

  it('is proven by CRC-64/NVME where no SHA-256 was recorded, and a suspect primary is whole again', async () => {
    await restoreWithoutTimes()
    await test.database.query('update object_version set sha256 = null, sha256_source = null')
    await test.database.query(`update copy set state = 'suspect'`)
    await test.database.query(`update object set quarantined_because = 'the primary copy is gone'`)
    expect(await reidentify()).toMatchObject({ outcomes: { adopted: 4 } })
    const { rows } = await test.database.query(
      `select distinct c.state, o.quarantined_because as because from copy c join object o on o.id = c.object_id`,
    )
    expect(rows).toEqual([{ state: 'complete', because: null }])
  })

  it('with its times: what nobody trusts is read, and whole again only where its bytes are right', async () => {
    await test.database.query(
      `update copy set state = 'suspect' from object o where o.id = object_id and o.key in ('a', 'b')`,
    )
    await test.database.query(
      `update object set quarantined_because = 'no good copy' where key in ('a', 'b') and bucket_id = $1`,
      [bucketId],
    )
    const { atime, mtime } = await stat(path.join(folder, 'b'))
    await writeFile(path.join(folder, 'b'), 'owner/B')
    await utimes(path.join(folder, 'b'), atime, mtime)
    const { outcomes, told } = await reidentify()
    expect(outcomes).toMatchObject({ same: 1, adopted: 2, damaged: 1 })
    expect(told).toMatchObject([{ bucket: 'owner', key: 'b', outcome: 'damaged' }])
    expect(await read('owner', 'a')).toBe('owner/a')
    const { rows } = await test.database.query('select key from object where quarantined_because is not null')
    expect(rows).toEqual([{ key: 'b' }])
  })

  it('leaves an object alone that is being written', async () => {
    await restoreWithoutTimes()
    await withObjectLock(test.database, objectIdOf(bucketId, 'a'), 1_000, async () => {
      const { outcomes, told } = await reidentify()
      expect(outcomes).toMatchObject({ adopted: 3, error: 1 })
      expect(told).toMatchObject([{ key: 'a', detail: 'it is being written or moved' }])
    })
    expect(await reidentify()).toMatchObject({ outcomes: { same: 3, adopted: 1 } })
  })
})
