import fc from 'fast-check'
import { expect, it } from 'vitest'
import { objectIdOf } from './identifiers.ts'
import { nativeKeyOf, objectIdInNativeKey } from './native-key.ts'

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
  const long = 'long'.repeat(20)
  const named = ['one', 'two'].map(bucket => `dim-object=${objectIdOf(bucket, long)}`)
  const parts = fc.constantFrom('dim-bucket=', 'one', 'two', '/', 'k', 'dim-object=', long)
  const keys = fc.oneof(
    fc.constantFrom(long, ...named),
    fc.array(parts, { minLength: 1, maxLength: 8 }).map(found => found.join('')),
  )
  const of = (bucketName: 'one' | 'two', key: string) =>
    nativeKeyOf({
      ...{ ownsContainer: bucketName === 'one', bucketName, key, objectId: objectIdOf(bucketName, key) },
      keyBytesMax: 70,
    })
  fc.assert(
    fc.property(keys, keys, (key, other) => {
      expect(of('one', key)).not.toBe(of('two', other))
      if (key !== other) expect(of('one', key)).not.toBe(of('one', other))
      if (key !== other) expect(of('two', key)).not.toBe(of('two', other))
    }),
  )
})

it('names the object whose key is too long, where no key of a bucket can be', () => {
  const long = 'x'.repeat(1_020)
  const native = (key: string) =>
    nativeKeyOf({ ownsContainer: false, bucketName: 'two', key, objectId, keyBytesMax: 1_024 })
  expect(native(long)).toBe(`dim-bucket=/two/dim-object=${objectId}`)
  expect(objectIdInNativeKey(native(long))).toBe(objectId)
  expect(objectIdInNativeKey(native(`dim-object=${objectId}`))).toBe(objectId)
  expect(objectIdInNativeKey(`dim-object=${objectId}`)).toBeNull()
  expect(objectIdInNativeKey(native('k'))).toBeNull()
})
