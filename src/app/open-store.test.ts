import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { clientKeyId } from '../domain/client-keys.ts'
import { Redacted } from '../domain/redacted.ts'
import { openStore, StoreSettingsError, type StoreToOpen } from './open-store.ts'

const s3: StoreToOpen = { name: 'remote', kind: 's3', settings: { endpoint: 'https://s3.example.org' } }
const keys = new Redacted(JSON.stringify({ accessKeyId: 'id', secretAccessKey: 'very-secret' }))

const azure: StoreToOpen = { name: 'blobs', kind: 'azure-blob', settings: { account: 'acme' } }
const accountKey = new Redacted(JSON.stringify({ accountKey: 'dmVyeS1zZWNyZXQ=' }))

const gcs: StoreToOpen = { name: 'google', kind: 'gcs', settings: {} }
const serviceAccountKey = JSON.stringify({
  type: 'service_account',
  project_id: 'acme',
  client_email: 'dim@acme.iam.gserviceaccount.com',
  private_key: 'very-secret',
})

function problemsOf(store: StoreToOpen, credentials: Redacted | null): readonly string[] {
  try {
    openStore(store, credentials)
  } catch (error) {
    if (error instanceof StoreSettingsError) return error.problems
    throw error
  }
  return []
}

describe('openStore', () => {
  it('opens a store of every kind', () => {
    expect(openStore({ name: 'm', kind: 'memory', settings: {} }, null).capabilities.conditionalPut).toBe(
      true,
    )
    expect(openStore({ name: 'f', kind: 'filesystem', settings: { root: tmpdir() } }, null).name).toBe('f')
    expect(openStore(s3, keys).capabilities.conditionalDelete).toBe(false)
    expect(openStore(azure, accountKey).capabilities.conditionalDelete).toBe(true)
    expect(openStore(gcs, null).capabilities.conditionalDelete).toBe(true)
  })

  it('encrypts what is written to a store of any kind when it has a key for that', () => {
    const key = Buffer.alloc(32, 1).toString('base64')
    const folder = { name: 'f', kind: 'filesystem', settings: { root: tmpdir() } } as const
    const sealed = openStore(folder, new Redacted(JSON.stringify({ clientEncryptionKey: key })))
    expect(sealed.capabilities).toMatchObject({ encryption: 'always', multipart: null })
    const both = JSON.stringify({ accessKeyId: 'id', secretAccessKey: 's', clientEncryptionKey: key })
    expect(openStore(s3, new Redacted(both)).capabilities.encryption).toBe('always')
    const short = new Redacted(JSON.stringify({ clientEncryptionKey: 'c2hvcnQ=' }))
    expect(problemsOf(folder, short)).toEqual(['credentials.clientEncryptionKey: must be 32 bytes in base64'])
    const former = new Redacted(JSON.stringify({ formerClientEncryptionKey: key }))
    expect(problemsOf(folder, former)).toEqual([expect.stringContaining('is missing')])
  })

  it('reads what every key before has sealed, after two and three changes of the key', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'dim-rotated-'))
    const keyOf = (byte: number) => Buffer.alloc(32, byte).toString('base64')
    const opened = (current: number, former: string) =>
      openStore(
        { name: 'f', kind: 'filesystem', settings: { root, durability: 'none' } },
        new Redacted(
          JSON.stringify({
            clientEncryptionKey: keyOf(current),
            ...(former === '' ? {} : { formerClientEncryptionKey: former }),
          }),
        ),
      )
    try {
      const formers = ['', keyOf(1), `${keyOf(2)},${keyOf(1)}`, `${keyOf(1)}\n${keyOf(2)}\r\n${keyOf(3)}\n`]
      for (const [index, former] of formers.entries()) {
        const generation = index + 1
        const store = opened(generation, former)
        await store.ensureContainer('c')
        await store.put('c', `of-${generation}`, Buffer.from(`sealed by ${generation}`), { size: 11 })
        for (let earlier = 1; earlier <= generation; earlier++) {
          const { body, encryption } = await store.get('c', `of-${earlier}`)
          expect(await text(body)).toBe(`sealed by ${earlier}`)
          expect(encryption).toEqual({ kind: 'client', keyId: clientKeyId(Buffer.alloc(32, earlier)) })
        }
        await store.close()
      }
      const broken = { clientEncryptionKey: keyOf(1), formerClientEncryptionKey: `${keyOf(2)},c2hvcnQ=` }
      expect(problemsOf(gcs, new Redacted(JSON.stringify(broken)))).toEqual([
        'credentials.formerClientEncryptionKey: must be 32 bytes in base64',
      ])
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })

  it('reports every problem at once', () => {
    const settings = { endpoint: 'ftp://x', pathStyle: 'yes', unknown: 1 }
    const problems = problemsOf({ ...s3, settings }, new Redacted('{"accessKeyId":""}'))
    expect(problems.join('\n')).toMatch(/settings\.endpoint/)
    expect(problems.join('\n')).toMatch(/settings\.pathStyle/)
    expect(problems.join('\n')).toMatch(/unknown/)
    expect(problems.join('\n')).toMatch(/credentials\.accessKeyId/)
    expect(problems.join('\n')).toMatch(/credentials\.secretAccessKey/)
  })

  it('refuses a plain http endpoint elsewhere unless that is allowed', () => {
    const at = (endpoint: string, more = {}) => problemsOf({ ...s3, settings: { endpoint, ...more } }, keys)
    expect(at('http://s3.example.org')).toEqual([expect.stringContaining('must be https')])
    expect(at('http://127.0.0.1.example.org')).toEqual([expect.stringContaining('must be https')])
    expect(at('http://s3.example.org', { allowPlainHttp: ['S3.example.org'] })).toEqual([])
    expect(at('http://s3.example.org', { allowPlainHttp: ['example.org'] })).toHaveLength(1)
    for (const host of ['127.0.0.1:9000', 'localhost', '[::1]:7070']) expect(at(`http://${host}`)).toEqual([])
  })

  it('refuses the addresses where machines keep their secrets, however they are written', () => {
    const at = (host: string, more = {}) =>
      problemsOf({ ...s3, settings: { endpoint: `https://${host}`, ...more } }, keys)
    const hosts = ['169.254.169.254', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '0.0.0.0']
    for (const host of [...hosts, '[fd00:ec2::254]', '[fe80::1]', '[::ffff:169.254.169.254]', '[::]']) {
      expect(at(host), host).toEqual([expect.stringContaining('keep their secrets')])
    }
    expect(at('169.254.1.1:9000', { allowLinkLocal: ['169.254.1.1'] })).toEqual([])
    expect(at('10.0.0.1')).toEqual([])
  })

  it('takes one of three secrets for Azure, and plain http only on this machine', () => {
    const given = (secrets: object, settings = azure.settings) =>
      problemsOf({ ...azure, settings }, new Redacted(JSON.stringify(secrets)))
    const connectionString =
      'DefaultEndpointsProtocol=http;AccountName=x;AccountKey=dmVyeS1zZWNyZXQ=;EndpointSuffix=core.windows.net'
    expect(given({ connectionString })).toEqual([])
    expect(given({ connectionString: 'BlobEndpoint=https://x/;SharedAccessSignature=sv=1&sig=x' })).toEqual(
      [],
    )
    expect(given({ sasToken: '?sv=1&sig=x' })).toEqual([])
    expect(given({ connectionString: 'UseDevelopmentStorage=true' })).toHaveLength(1)
    expect(given({})).toEqual([expect.stringContaining('exactly one of')])
    expect(given({ accountKey: 'eA==', sasToken: 'sv=1' })).toEqual([
      expect.stringContaining('exactly one of'),
    ])
    const at = (endpoint: string) => given({ sasToken: 'sv=1' }, { account: 'acme', endpoint })
    expect(at('http://acme.blob.example.org')).toEqual([expect.stringContaining('must be https')])
    expect(at('http://127.0.0.1:10000/acme')).toEqual([])
    expect(at('https://acme.blob.core.windows.net/?sv=1&sig=x')).toEqual([
      expect.stringContaining('no query'),
    ])
  })

  it('takes a service account’s key for Google or none, and nothing else', () => {
    const given = (credentials: object) => problemsOf(gcs, new Redacted(JSON.stringify(credentials)))
    expect(given({ serviceAccountKey })).toEqual([])
    expect(problemsOf(gcs, null)).toEqual([])
    for (const key of ['very-secret', '{"type":"external_account"}', '{"type":"service_account"}']) {
      expect(given({ serviceAccountKey: key })).toEqual([expect.stringContaining('is not the JSON of')])
    }
    expect(given({})).toHaveLength(1)
    const at = (settings: object) => problemsOf({ ...gcs, settings: { ...settings } }, null)
    expect(at({ endpoint: 'http://storage.example.org' })).toEqual([expect.stringContaining('must be https')])
    expect(at({ endpoint: 'http://127.0.0.1:4443' })).toEqual([])
    expect(at({ uploadChunkBytes: 300_000 })).toHaveLength(1)
  })

  it('refuses a relative root and credentials that are none', () => {
    expect(problemsOf({ name: 'f', kind: 'filesystem', settings: { root: 'here' } }, null)).toHaveLength(1)
    expect(problemsOf(s3, new Redacted('very-secret'))).toEqual(['credentials: are not JSON'])
    expect(problemsOf(s3, null)).toHaveLength(1)
  })

  it('never shows a secret', () => {
    const wrong = new Redacted(JSON.stringify({ accessKeyId: 5, secretAccessKey: ['very-secret'] }))
    expect(problemsOf(s3, wrong).join()).not.toContain('very-secret')
    expect(inspect(openStore(s3, keys), { depth: 9 })).not.toContain('very-secret')
    const sas = new Redacted(JSON.stringify({ sasToken: 'sv=1&sig=very-secret' }))
    expect(inspect(openStore(azure, sas), { depth: 9 })).not.toContain('very-secret')
    const google = openStore(gcs, new Redacted(JSON.stringify({ serviceAccountKey })))
    expect(inspect(google, { depth: 9 })).not.toContain('very-secret')
    expect(problemsOf(azure, new Redacted('{"accountKey":"very-secret!"}')).join()).not.toContain(
      'very-secret',
    )
  })
})
