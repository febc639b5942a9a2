import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { type EntryQuery, listEntries, nameOf } from './list-entries.ts'

/**
 * Laws of listing against a model in memory: all keys with the prefix, folded at the delimiter, in the order
 * of their bytes. Whatever the page size, walking the pages gives exactly that.
 */
describe('listing', () => {
  let testDatabase: TestDatabase

  beforeAll(async () => {
    testDatabase = await createTestDatabase()
  })
  afterAll(() => testDatabase.drop())

  async function bucketWith(keys: readonly string[]): Promise<string> {
    const bucketId = newId()
    await testDatabase.database.query(
      `with o as (
         insert into object (id, bucket_id, key, generation, is_present, principal)
         select id, $1, key, 1, true, 'system:test' from unnest($2::uuid[], $3::text[]) as t (id, key)
         returning id)
       insert into object_version (object_id, generation, size, etag, last_modified, principal)
       select id, 1, 1, 'e', now(), 'system:test' from o`,
      [bucketId, keys.map(key => objectIdOf(bucketId, key)), keys],
    )
    return bucketId
  }

  function model(keys: readonly string[], query: Omit<EntryQuery, 'bucketId' | 'limit'>): string[] {
    const names = keys
      .filter(key => key.startsWith(query.prefix))
      .map(key => {
        const at = query.delimiter === '' ? -1 : key.indexOf(query.delimiter, query.prefix.length)
        return at === -1 ? key : key.slice(0, at + query.delimiter.length)
      })
    return [...new Set(names)].filter(name => compare(name, query.after) > 0).sort(compare)
  }

  async function walk(query: EntryQuery): Promise<string[]> {
    const names: string[] = []
    for (let after = query.after; ; ) {
      const page = await listEntries(testDatabase.database, { ...query, after })
      expect(page.entries.length).toBeLessThanOrEqual(query.limit)
      expect(page.isTruncated).toBe(page.last !== null)
      names.push(...page.entries.map(nameOf))
      if (page.last === null) return names
      after = page.last
    }
  }

  // U+D7FF and U+E000 lie on both sides of the surrogates' gap; U+FFFF sorts before what is beyond it.
  const letter = fc.constantFrom(
    'a',
    'b',
    '/',
    '/',
    '-',
    '\u0001',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '😀',
    '\u{10ffff}',
  )
  const text = (minLength: number, maxLength: number) =>
    fc.array(letter, { minLength, maxLength }).map(letters => letters.join(''))
  const anyQuery = fc.record({
    prefix: text(0, 2),
    delimiter: fc.oneof(fc.constant(''), fc.constant('/'), text(1, 2)),
    after: text(0, 4),
  })

  it('walks exactly what is there, page by page, in the order of bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(text(1, 6), { maxLength: 60 }),
        fc.array(fc.tuple(anyQuery, fc.integer({ min: 1, max: 7 })), { minLength: 1, maxLength: 6 }),
        async (keys, queries) => {
          const bucketId = await bucketWith(keys)
          for (const [query, limit] of queries) {
            expect(await walk({ ...query, bucketId, limit })).toEqual(model(keys, query))
          }
        },
      ),
      {
        numRuns: 60,
        // Nothing can follow a folder whose name is the last there is.
        examples: [[['\u{10ffff}a'], [[{ prefix: '', delimiter: '\u{10ffff}', after: '\u{10ffff}' }, 1]]]],
      },
    )
  })

  it('steps over a folder instead of reading it', async () => {
    const keys = Array.from({ length: 3_000 }, (_, index) => `big/${String(index).padStart(5, '0')}`)
    const bucketId = await bucketWith([...keys, 'zebra', 'alone'])
    const page = await listEntries(testDatabase.database, {
      bucketId,
      prefix: '',
      delimiter: '/',
      after: '',
      limit: 10,
    })
    expect(page.entries.map(nameOf)).toEqual(['alone', 'big/', 'zebra'])
    expect(page.isTruncated).toBe(false)
  })

  it('lists nothing when asked for nothing', async () => {
    const bucketId = await bucketWith(['a'])
    const page = await listEntries(testDatabase.database, {
      bucketId,
      prefix: '',
      delimiter: '',
      after: '',
      limit: 0,
    })
    expect(page).toEqual({ entries: [], isTruncated: false, last: null })
  })
})

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
