import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareKeys, indexAfter, indexFrom, sortKeys } from './key-order.ts'

const key = fc.string({ unit: 'binary', maxLength: 8 }).filter(text => text.isWellFormed())

describe('key order', () => {
  it('is the order of UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.array(key), keys => {
        const byBytes = [...keys].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
        expect(sortKeys([...keys])).toEqual(byBytes)
        expect([...keys].sort(compareKeys)).toEqual(byBytes)
      }),
    )
    expect(sortKeys(['😀', '\uffee', 'z'])).toEqual(['z', '\uffee', '😀'])
  })

  it('finds the first key from and after another', () => {
    const keys = ['a', 'b', 'd']
    expect([indexFrom(keys, 'b'), indexFrom(keys, 'c'), indexFrom(keys, 'e')]).toEqual([1, 2, 3])
    expect([indexAfter(keys, 'b'), indexAfter(keys, 'c'), indexAfter(keys, 'A')]).toEqual([2, 2, 0])
  })
})
