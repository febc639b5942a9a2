import { afterAll, describe, expect, it } from 'vitest'
import { startS3Proxy } from '../../../test/services/s3-server.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { createS3Store } from './s3-store.ts'

const server = await startS3Proxy()

if ('missing' in server) {
  describe('object store contract: s3 (s3proxy)', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const { endpoint, stop, ...keys } = server
  const credentials = s3Credentials.parse(keys)
  const settings = s3Settings.parse({
    endpoint,
    keys: 'paths',
    capabilities: {
      conditionalPut: true,
      conditionalDelete: true,
      conditionalRead: true,
      reportedDigests: ['crc64nvme', 'sha256'],
      serverSideCopy: true,
      multipartDigests: true,
    },
  })
  afterAll(stop)

  describeObjectStore({
    name: 's3 (s3proxy)',
    keepsEveryKey: false,
    skip: [
      {
        reason:
          's3proxy 4.1.0 lists the file of a write that goes on, or was cut off, as an object for a while',
        tests: [
          'refuses a body that ends early though its digests are those of the whole',
          'refuses a body that ends early and keeps the former bytes',
          'refuses a body that is too long and shows nothing of it',
          'refuses a body that fails and shows nothing of it',
          'checks a given sha256 before the object becomes visible',
          'checks a given md5 before the object becomes visible',
          'checks a given crc64nvme before the object becomes visible',
          'checks a given crc32c before the object becomes visible',
          'shows nothing of a cancelled upload',
        ],
      },
      {
        reason: 's3proxy takes a delete in a bucket that is not there for done',
        tests: ['tells a missing container from a missing object'],
      },
      {
        reason: 's3proxy lists in the order of UTF-16',
        tests: ['keeps keys in unicode, or refuses them'],
      },
      {
        reason: 's3proxy answers 500 for keys that its file system does not take',
        tests: [
          'keeps keys that look like what stores keep for themselves, or refuses them',
          'keeps keys of 1,024 bytes, or refuses them',
          'keeps `c` beside `c/d` in either order, or refuses the second',
          'finds nothing under keys that only resemble one that is there',
          'lists in the order of UTF-8 bytes',
        ],
      },
      {
        reason: 's3proxy drops the space of `text/plain; charset=utf-8`',
        tests: ['keeps content headers', 'copies bytes and facts to other keys and containers'],
      },
      {
        reason: 's3proxy lists `a/` for the prefix `a//`',
        tests: ['lists by prefix'],
      },
      {
        reason: 's3proxy makes an upload of whatever id a part names',
        tests: [
          'forgets an aborted upload',
          'refuses uploads for keys, uploads and containers that are not there',
        ],
      },
    ],
    newStore: async () => ({
      store: createS3Store({ name: 's3proxy', settings, credentials }),
      dispose: async () => undefined,
    }),
  })

  it('is found out by a probe, which leaves nothing behind', async () => {
    const store = createS3Store({ name: 's3proxy', settings, credentials })
    await store.ensureContainer('probed')
    const unknown = s3Settings.parse({ endpoint })
    const found = await probeS3Capabilities({
      name: 'p',
      settings: unknown,
      credentials,
      container: 'probed',
    })
    expect(found).toMatchObject({
      vendor: null,
      settings: {
        keys: 'paths',
        capabilities: {
          conditionalPut: true,
          conditionalDelete: true,
          reportedDigests: ['crc64nvme', 'sha256'],
          serverSideCopy: true,
          conditionalCopy: false,
          tags: false,
          encryption: 'none',
        },
      },
    })
    expect((await store.list('probed')).objects).toEqual([])
    await store.close()
  })
}
