import { expect, test } from 'vitest'
import { isUnknown } from './store-knowledge.ts'

test('a store is unknown until somebody said or found out what it can do', () => {
  const endpoint = 'http://127.0.0.1:1'
  expect(isUnknown({ kind: 's3', settings: { endpoint } })).toBe(true)
  expect(isUnknown({ kind: 's3', settings: { endpoint, capabilities: {} } })).toBe(true)
  expect(isUnknown({ kind: 's3', settings: { capabilities: { conditionalPut: false } } })).toBe(false)
  expect(isUnknown({ kind: 'azure-blob', settings: { account: 'acme' } })).toBe(true)
  expect(isUnknown({ kind: 'azure-blob', settings: { account: 'acme', tags: false } })).toBe(false)
  expect(isUnknown({ kind: 'filesystem', settings: {} })).toBe(false)
})
