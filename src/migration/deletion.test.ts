import { describe, expect, it } from 'vitest'
import { COPY_STATES } from '../domain/object.ts'
import { deletionWayOf, hasItsBytesThere, isSameCopy } from './deletion.ts'

describe('the bytes of a copy', () => {
  const known = { size: 3, identity: { etag: 'e', versionId: 'v' } }

  it('are ours when size, ETag and version id agree', () => {
    expect(isSameCopy(known, { size: 3, identity: { etag: 'e', versionId: 'v' } })).toBe(true)
    expect(isSameCopy(known, { size: 4, identity: known.identity })).toBe(false)
    expect(isSameCopy(known, { size: 3, identity: { etag: 'x', versionId: 'v' } })).toBe(false)
    expect(isSameCopy(known, { size: 3, identity: { etag: 'e', versionId: 'w' } })).toBe(false)
  })

  it('are never taken for ours when we do not know their identity', () => {
    const unknown = { size: 3, identity: { etag: null, versionId: null } }
    expect(isSameCopy(unknown, { size: 3, identity: { etag: 'e', versionId: null } })).toBe(false)
  })
})

describe('another copy in the same place', () => {
  const identity = { etag: 'e', versionId: null }

  it('has its bytes there while readers are given them', () => {
    for (const state of COPY_STATES) {
      const isReadable = state === 'complete' || state === 'grace'
      expect(hasItsBytesThere({ state, size: 3, identity }, null)).toBe(isReadable)
    }
  })

  it('may have them there when it was left behind or found bad, whatever is found', () => {
    const found = { size: 3, identity: { etag: 'x', versionId: null } }
    for (const state of ['retained', 'suspect'] as const) {
      expect(hasItsBytesThere({ state, size: 3, identity }, found)).toBe(true)
    }
  })

  it('has them there while it is being written only if they are what was found', () => {
    const staging = { state: 'staging', size: 3, identity } as const
    expect(hasItsBytesThere(staging, { size: 3, identity })).toBe(true)
    expect(hasItsBytesThere(staging, { size: 3, identity: { etag: 'x', versionId: null } })).toBe(false)
    const unpublished = { ...staging, identity: { etag: null, versionId: null } }
    expect(hasItsBytesThere(unpublished, { size: 3, identity })).toBe(false)
  })
})

describe('the way to delete', () => {
  const store = { conditionalDelete: false, versions: false }

  it('is conditional wherever the store can compare', () => {
    for (const mode of ['shared', 'exclusive'] as const) {
      expect(deletionWayOf({ ...store, conditionalDelete: true }, mode)).toBe('conditionally')
    }
  })

  it('is plain only where nobody else writes or bytes are versioned', () => {
    expect(deletionWayOf(store, 'exclusive')).toBe('plainly')
    expect(deletionWayOf({ ...store, versions: true }, 'shared')).toBe('plainly')
    expect(deletionWayOf(store, 'shared')).toBe('not-at-all')
  })

  it('is closed for what is only observed', () => {
    expect(deletionWayOf({ conditionalDelete: true, versions: true }, 'observed')).toBe('not-at-all')
  })
})
