import { describe, expect, it } from 'vitest'
import { translateS3Error } from './translate-error.ts'

const put = { store: 's', operation: 'put', container: 'c', key: 'k' } as const

/** As the SDK throws it. */
function answered(code: string, status: number, message: string): Error {
  return Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } })
}

const kindOfWrite = (code: string, status: number, message = 'no') =>
  translateS3Error(put, answered(code, status, message), { mayHaveHappened: true })

describe('a store without room', () => {
  it.each([
    ['QuotaExceeded', 403, 'Ceph, versitygw'],
    ['XMinioStorageFull', 507, 'MinIO'],
    ['XMinioAdminBucketQuotaExceeded', 400, 'MinIO'],
    ['InsufficientStorage', 507, 'our own gateway'],
    ['Whatever', 507, 'any other'],
    ['AccessDenied', 403, 'Bucket size quota is reached, maximum total size of objects for this bucket: 5'],
    ['AccessDenied', 403, 'Cannot upload files, storage cap exceeded. See the Caps & Alerts page'],
  ])('is full when it answers %s (%i) to a write: %s', (code, status, message) => {
    expect(kindOfWrite(code, status, message)).toMatchObject({ kind: 'store-full', retry: 'no' })
  })

  it('is neither one that misses a right, nor one that takes no object so large', () => {
    expect(kindOfWrite('AccessDenied', 403, 'Access Denied').kind).toBe('access-denied')
    expect(kindOfWrite('EntityTooLarge', 400).kind).toBe('too-large')
    const read = answered('AccessDenied', 403, 'the download quota is reached')
    expect(translateS3Error(put, read, { mayHaveHappened: false }).kind).toBe('access-denied')
  })
})
