import { tmpdir } from 'node:os'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Redacted } from '../domain/redacted.ts'
import { openStore, StoreSettingsError, type StoreToOpen } from './open-store.ts'

const s3: StoreToOpen = { name: 'remote', kind: 's3', settings: { endpoint: 'https://s3.example.org' } }
const keys = new Redacted(JSON.stringify({ accessKeyId: 'id', secretAccessKey: 'very-secret' }))

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
    expect(at('http://s3.example.org', { allowInsecure: true })).toEqual([])
    for (const host of ['127.0.0.1:9000', 'localhost', '[::1]:7070']) expect(at(`http://${host}`)).toEqual([])
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
  })
})
