import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortKeys } from '../key-order.ts'
import { type ListPosition, type ReadPage, readOrdered } from './ordered-listing.ts'

const OPERATION = { store: 's', operation: 'list', key: null }

/** A service with these names in the order of UTF-16 units, which may not know how to begin at a name. */
function serviceOf(
  names: readonly string[],
  prefix: string,
  pageSize: number,
  beginsAtNames = true,
): ReadPage {
  const sorted = [...names].filter(name => name.startsWith(prefix)).sort()
  return async (from, marker) => {
    const rest = sorted.filter(name =>
      marker === undefined ? !beginsAtNames || name >= from : name > marker,
    )
    const entries = rest
      .slice(0, pageSize)
      .map(key => ({ key, size: 1, etag: null, lastModified: 0, storageClass: null }))
    return { entries, marker: rest.length > pageSize ? entries.at(-1)!.key : null }
  }
}

async function listAll(readPage: ReadPage, prefix: string, limit: number, after = ''): Promise<string[]> {
  const found: string[] = []
  let start: ListPosition | null = { after }
  for (let pages = 0; start !== null; pages++) {
    if (pages > 1_000) throw new Error('the listing does not end')
    const page = await readOrdered(OPERATION, readPage, { order: 'utf-16', prefix, limit, start })
    expect(page.objects.length).toBeLessThanOrEqual(limit)
    found.push(...page.objects.map(object => object.key))
    start = page.next
  }
  return found
}

// Few characters, so that many names share beginnings and turn at every depth.
const character = fc.constantFrom(
  'a',
  'b',
  '/',
  '\ud7ff',
  '\ue000',
  '\uff21',
  '\uffff',
  '😀',
  '\u{10000}',
  '\u{10ffff}',
)
const name = fc.array(character, { minLength: 1, maxLength: 5 }).map(characters => characters.join(''))

describe('a listing of a service that orders by UTF-16', () => {
  it('is in the order of UTF-8 bytes, each name once, for every page size, prefix and beginning', async () => {
    const cases = fc.record({
      names: fc.uniqueArray(name, { maxLength: 40 }),
      prefix: fc.oneof(
        fc.constant(''),
        name.map(text => [...text].slice(0, 2).join('')),
      ),
      after: fc.oneof(fc.constant(''), name),
      limit: fc.integer({ min: 1, max: 12 }),
      servicePageSize: fc.integer({ min: 1, max: 12 }),
      beginsAtNames: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ names, prefix, after, limit, servicePageSize, beginsAtNames }) => {
        const service = serviceOf(names, prefix, Math.min(limit, servicePageSize), beginsAtNames)
        const sorted = sortKeys(['', ...names])
        const expected = sorted.filter(
          key => key !== '' && key.startsWith(prefix) && sortKeys([key, after])[0] === after && key !== after,
        )
        expect(await listAll(service, prefix, limit, after)).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('asks once for each page where nothing is out of order', async () => {
    const names = Array.from({ length: 95 }, (_, index) => `k${String(index).padStart(3, '0')}/é`)
    const service = serviceOf(names, '', 10)
    let requests = 0
    const counted: ReadPage = (from, marker) => {
      requests++
      return service(from, marker)
    }
    expect(await listAll(counted, '', 10)).toEqual(names)
    expect(requests).toBe(10)
  })

  it('is refused when the service orders otherwise than was said', async () => {
    const names = ['\uff21', '😀']
    const byBytes: ReadPage = async () => ({
      entries: names
        .map(key => ({ key, size: 1, etag: null, lastModified: 0, storageClass: null }))
        .reverse(),
      marker: null,
    })
    const options = { order: 'utf-8', prefix: '', limit: 10, start: { after: '' } } as const
    await expect(readOrdered(OPERATION, byBytes, options)).rejects.toMatchObject({ kind: 'unexpected' })
  })
})
