import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { MIGRATION_KINDS, MIGRATION_STATES } from '../domain/migration.ts'
import { MIGRATION_EVENTS } from '../domain/migration-record.ts'
import { brokenLaws } from './contract/life-laws.ts'
import { TRANSITIONS } from './transitions.ts'

const source = path.join(import.meta.dirname, '..')
const spec = await readFile(path.join(import.meta.dirname, 'SPEC.md'), 'utf8')

/** Rows of the table under a heading: their cells without back-quotes. */
function tableUnder(heading: string): string[][] {
  const section = spec.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  return section
    .split('\n')
    .filter(line => line.startsWith('|') && !/^\|\s*-/.test(line))
    .slice(1)
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('`', '')),
    )
}

describe('SPEC.md', () => {
  it.each(MIGRATION_KINDS)(
    'draws exactly the transitions of %s, and the table keeps every law of its steps',
    kind => {
      expect(brokenLaws(kind, TRANSITIONS[kind], spec)).toEqual([])
    },
  )

  it('has a section for every kind, in the order of the nouns', () => {
    const kinds = [...spec.matchAll(/^## Kind `(.+)`$/gm)].map(([, kind]) => kind)
    expect(kinds).toEqual([...MIGRATION_KINDS])
  })

  it('lists every state and every event, in the order of the nouns', () => {
    expect(tableUnder('States').map(row => row[0])).toEqual([...MIGRATION_STATES])
    expect(tableUnder('Events').map(row => row[0])).toEqual([...MIGRATION_EVENTS])
  })

  it('names for every invariant a test that exists', async () => {
    const files = await readdir(source, { recursive: true })
    const tests = files.filter(file => file.endsWith('.test.ts') || file.includes('contract'))
    const texts = await Promise.all(
      tests.filter(file => file.endsWith('.ts')).map(file => readFile(path.join(source, file), 'utf8')),
    )
    const titles = tableUnder('Invariants').map(row => row[3]!)
    expect(titles.length).toBeGreaterThan(10)
    for (const title of titles)
      expect(
        texts.some(text => text.includes(`'${title}'`)),
        title,
      ).toBe(true)
  })
})
