import { expect, it } from 'vitest'
import { storedObjectOf } from './object-fields.ts'

it.each([
  ['STANDARD where the server has that class', ['STANDARD', 'STANDARD_IA'], 'STANDARD'],
  ['none where the server has no classes', [], null],
])('takes an object of which no class is told for one of %s', (_name, storageClasses, storageClass) => {
  expect(storedObjectOf({}, 1, { versions: false, storageClasses })).toMatchObject({ storageClass })
})

it('believes the class that is told', () => {
  const headers = { 'x-amz-storage-class': 'GLACIER_IR' }
  const capabilities = { versions: false, storageClasses: ['STANDARD', 'GLACIER_IR'] }
  expect(storedObjectOf(headers, 1, capabilities)).toMatchObject({ storageClass: 'GLACIER_IR' })
})
