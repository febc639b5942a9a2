import fc from 'fast-check'
import { expect, it } from 'vitest'
import { objectIdOf } from './identifiers.ts'
import { nativeKeyOf } from './native-key.ts'

const objectId = objectIdOf('b', 'k')

it('is the object’s own key in the container of its bucket', () => {
  const native = nativeKeyOf({
    ownsContainer: true,
    bucketName: 'b',
    key: 'a/b',
    objectId,
    keyBytesMax: 1_024,
  })
  expect(native).toBe('a/b')
})

it('never meets the key of another bucket in a shared container', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), key => {
      const of = (bucketName: string) =>
        nativeKeyOf({ ownsContainer: false, bucketName, key, objectId, keyBytesMax: 1_024 })
      expect(of('one')).not.toBe(of('two'))
    }),
  )
})

it('is another one for every key of a bucket and its neighbour, whatever the keys look like', () => {
  const parts = fc.constantFrom('dim-bucket=', 'one', 'two', '/', 'k')
  const keys = fc.array(parts, { minLength: 1, maxLength: 8 }).map(found => found.join(''))
  const of = (bucketName: 'one' | 'two', key: string) =>
    nativeKeyOf({ ownsContainer: bucketName === 'one', bucketName, key, objectId, keyBytesMax: 1_024 })
  fc.assert(
    fc.property(keys, keys, (key, other) => {
      expect(of('one', key)).not.toBe(of('two', other))
      if (key !== other) expect(of('one', key)).not.toBe(of('one', other))
    }),
  )
})
