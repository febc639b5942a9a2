import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nativeKeyOf as gatewayNativeKeyOf } from '../gateway/writes/native-key.ts'
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

it('is the key under which the gateway writes', () => {
  const bucket = (ownsContainer: boolean) => ({ name: 'photos', writeTarget: { ownsContainer } })
  const keys = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }).filter(key => key.isWellFormed())
  fc.assert(
    fc.property(keys, fc.boolean(), fc.constantFrom(200, 1_024), (key, ownsContainer, keyBytesMax) => {
      if (key.startsWith('dim-bucket=')) return
      const ours = nativeKeyOf({ ownsContainer, bucketName: 'photos', key, objectId, keyBytesMax })
      expect(ours).toBe(gatewayNativeKeyOf(bucket(ownsContainer) as never, key, objectId, keyBytesMax))
    }),
  )
})
