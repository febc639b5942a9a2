import { describe, expect, it } from 'vitest'
import { storedObjectOf } from './object-fields.ts'

it.each([
  ['STANDARD where the server has that class', ['STANDARD', 'STANDARD_IA'], 'STANDARD'],
  ['none where the server has no classes', [], null],
])('takes an object of which no class is told for one of %s', (_name, storageClasses, storageClass) => {
  expect(storedObjectOf({}, 1, { versions: false, storageClasses, archiveClasses: [] })).toMatchObject({
    storageClass,
  })
})

it('believes the class that is told', () => {
  const headers = { 'x-amz-storage-class': 'GLACIER_IR' }
  const capabilities = {
    versions: false,
    storageClasses: ['STANDARD', 'GLACIER_IR'],
    archiveClasses: ['GLACIER'],
  }
  expect(storedObjectOf(headers, 1, capabilities)).toMatchObject({ storageClass: 'GLACIER_IR' })
})

describe('the restore of an archived object', () => {
  const capabilities = { versions: false, storageClasses: [], archiveClasses: ['GLACIER', 'DEEP_ARCHIVE'] }
  const glacier = { 'x-amz-storage-class': 'GLACIER' }
  const until = 'Fri, 21 Dec 2040 00:00:00 GMT'

  it.each([
    ['that can be read', {}, null],
    ['that nobody asked for', glacier, { kind: 'archived' }],
    ['on its way', { ...glacier, 'x-amz-restore': 'ongoing-request="true"' }, { kind: 'restoring' }],
    [
      'that is there',
      { ...glacier, 'x-amz-restore': `ongoing-request="false", expiry-date="${until}"` },
      { kind: 'restored', until: Date.UTC(2040, 11, 21) },
    ],
    [
      'that is there for good',
      { ...glacier, 'x-amz-restore': 'ongoing-request="false"' },
      { kind: 'restored', until: null },
    ],
    ['of a class that is read at once', { 'x-amz-storage-class': 'GLACIER_IR' }, null],
    [
      'that INTELLIGENT_TIERING archived by itself',
      { 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'ARCHIVE_ACCESS' },
      { kind: 'archived' },
    ],
  ] as const)('is told by the headers of one %s', (_name, headers, archive) => {
    expect(storedObjectOf(headers as Record<string, string>, 1, capabilities).archive).toEqual(archive)
  })
})
