import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequestTarget } from './request-target.ts'
import { encodeStrictly } from './sigv4/canonical-request.ts'

const parse = (url: string, host = 'gate') => parseRequestTarget(url, host, ['s3.example.org'])

describe('request target', () => {
  it('gives every key back exactly, decoded once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), key => {
        fc.pre(!key.includes('\0'))
        expect(parse(`/bucket/${encodeStrictly(key)}`).key).toBe(key)
        expect(parse(`/${encodeStrictly(key)}`, 'bucket.s3.example.org:9000').key).toBe(key)
      }),
    )
  })

  it.each([
    ['/bucket/../other/key', '../other/key'],
    ['/bucket/%2e%2e/other', '../other'],
    ['/bucket//a//b/', '/a//b/'],
    ['/bucket/%252F', '%2F'],
    ['/bucket/a+b', 'a+b'],
    ['http://gate:1/bucket/a', 'a'],
  ])('takes %s for the key %s of the same bucket', (url, key) => {
    expect(parse(url)).toMatchObject({ bucketName: 'bucket', key })
  })

  it('tells service, bucket and object apart', () => {
    expect(parse('/')).toMatchObject({ bucketName: null, key: null })
    expect(parse('/bucket')).toMatchObject({ bucketName: 'bucket', key: null })
    expect(parse('/bucket/?list-type=2&prefix=a%2Bb+c&x-id=Y').query.get('prefix')).toBe('a+b c')
    expect(parse('/', 'bucket.s3.example.org')).toMatchObject({ bucketName: 'bucket', key: null })
    expect(parse('/bucket', 's3.example.org')).toMatchObject({ bucketName: 'bucket', key: null })
  })

  it.each([
    ['/bucket/%zz', 'InvalidURI'],
    ['/bucket/%ff', 'InvalidURI'],
    ['//key', 'InvalidURI'],
    ['*', 'InvalidURI'],
    ['/bucket/a%00b', 'InvalidArgument'],
    [`/bucket/${'%C3%A9'.repeat(513)}`, 'KeyTooLongError'],
  ])('refuses %.30s with %s', (url, code) => {
    expect(() => parse(url)).toThrowError(expect.objectContaining({ code }))
  })
})
