import { expect, test } from 'vitest'
import { CliError } from './exit-codes.ts'
import { objectApiPath, parseObjectAddress } from './references.ts'
import { parseSettings } from './settings.ts'

test('an object is named with or without s3://, and its key is kept exactly', () => {
  expect(parseObjectAddress('s3://films/a//b/../c d')).toEqual({ bucket: 'films', key: 'a//b/../c d' })
  expect(parseObjectAddress('films//x')).toEqual({ bucket: 'films', key: '/x' })
  expect(() => parseObjectAddress('s3://films')).toThrow(CliError)
  expect(() => parseObjectAddress('s3://films/')).toThrow('write s3://bucket/key')
})

test('no URL swallows a part of a key', () => {
  const path = objectApiPath({ bucket: 'films', key: 'a/../b?c#d%2F' })
  const { pathname } = new URL(path, 'http://127.0.0.1')
  expect(decodeURIComponent(pathname.slice('/v1/objects/films/'.length))).toBe('a/../b?c#d%2F')
})

test('settings are read as JSON where they are JSON, and dots make sections', () => {
  expect(
    parseSettings(['root=/data', 'pathStyle=true', 'socketsMax=8', 'capabilities.versions=false', 'a==b']),
  ).toEqual({
    root: '/data',
    pathStyle: true,
    socketsMax: 8,
    capabilities: { versions: false },
    a: '=b',
  })
})

test('settings that are none are refused', () => {
  for (const wrong of ['root', '=x', '__proto__.polluted=1', 'a b=1']) {
    expect(() => parseSettings([wrong]), wrong).toThrow(CliError)
  }
  expect(() => parseSettings(['a=1', 'a.b=2'])).toThrow('has no sections')
})
