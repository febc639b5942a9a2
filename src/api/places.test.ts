import { describe, expect, it } from 'vitest'
import { isSamePlace, placeOf } from './places.ts'

const folder = (root: string, container: string) =>
  placeOf({ id: root, kind: 'filesystem', settings: { root } }, container)
const bucket = (endpoint: string | undefined, container: string) =>
  placeOf(
    { id: String(endpoint), kind: 's3', settings: endpoint === undefined ? {} : { endpoint } },
    container,
  )

describe('two places', () => {
  it('are one when their folders are equal or nested, whatever the stores are called', () => {
    expect(isSamePlace(folder('/data', 'a'), folder('/data/', 'a'))).toBe(true)
    expect(isSamePlace(folder('/data', 'a/b'), folder('/data/a', 'b'))).toBe(true)
    expect(isSamePlace(folder('/data', 'a'), folder('/data/a', 'b'))).toBe(true)
    expect(isSamePlace(folder('/data', 'a'), folder('/data', 'ab'))).toBe(false)
  })

  it('are one when endpoint and bucket are, by any name of this machine', () => {
    expect(isSamePlace(bucket('http://localhost:9000', 'b'), bucket('http://127.0.0.1:9000', 'b'))).toBe(true)
    expect(
      isSamePlace(bucket('https://S3.example.org', 'b'), bucket('https://s3.example.org:443/', 'b')),
    ).toBe(true)
    expect(isSamePlace(bucket(undefined, 'b'), bucket(undefined, 'b'))).toBe(true)
    expect(isSamePlace(bucket('http://localhost:9000', 'b'), bucket('http://localhost:9001', 'b'))).toBe(
      false,
    )
    expect(isSamePlace(bucket('http://localhost:9000', 'b'), bucket('http://localhost:9000', 'c'))).toBe(
      false,
    )
  })
})
