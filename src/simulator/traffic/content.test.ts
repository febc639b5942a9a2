import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { contentOf, contentSha256 } from './content.ts'

test('content can be computed again from its label and size, in any process', () => {
  const bytes = Buffer.concat([...contentOf('label', 700_000)])
  expect(bytes).toHaveLength(700_000)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(contentSha256('label', 700_000))
  expect(contentSha256('label', 16)).toBe(
    createHash('sha256')
      .update(Buffer.concat([...contentOf('label', 16)]))
      .digest('hex'),
  )
})

test('another label, another content; no size, no bytes', () => {
  expect(contentSha256('one', 100)).not.toBe(contentSha256('two', 100))
  expect([...contentOf('one', 0)]).toEqual([])
})
