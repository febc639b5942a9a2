import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { InvalidDocument } from '../invalid-document.ts'
import { parsePriceBook } from '../price-book/price-book-document.ts'
import { parsePolicy } from './policy-document.ts'

const EXAMPLES = new URL('../../../examples/', import.meta.url)
const filesOf = (folder: string) => readdirSync(new URL(folder, EXAMPLES))
const textOf = (folder: string, file: string) => readFileSync(new URL(`${folder}${file}`, EXAMPLES), 'utf8')

describe('the examples', () => {
  it.each(filesOf('policies/'))('%s is a valid policy named like its file', file => {
    expect(`${parsePolicy(textOf('policies/', file)).name}.yaml`).toBe(file)
  })

  it.each(filesOf('price-books/'))('%s is a valid price book named like its file', file => {
    expect(`${parsePriceBook(textOf('price-books/', file)).name}.yaml`).toBe(file)
  })
})

const MINIMAL = `
apiVersion: datainmotion.io/v1
kind: Policy
name: small
threshold:
  halfLife: 3d
  hot: { enterReadsPerDay: 1, leaveReadsPerDay: 0.5 }
  warm: { enterReadsPerDay: 0.1, leaveReadsPerDay: 0.05 }
`

describe('a policy', () => {
  it('is careful where nothing is said: a person approves, grace is a day', () => {
    expect(parsePolicy(MINIMAL)).toMatchObject({
      approval: 'person',
      graceHours: 24,
      tiers: ['hot', 'warm', 'cold'],
      capsPerHour: { objects: 10_000, usd: 10 },
      priorities: { promotion: 60, demotion: 40 },
    })
  })

  it('is refused with every problem at once, each with its path', () => {
    const text = MINIMAL.replace('leaveReadsPerDay: 0.5', 'leaveReadsPerDay: 2')
      .replace('halfLife: 3d', 'halfLife: 4d')
      .concat('graceHours: -1\ncapsPerHour: { object: 3 }\nretention: 7\n')
    expect(problemsOf(text)).toEqual([
      ['threshold.halfLife', expect.stringContaining('6h')],
      [
        'threshold.hot.leaveReadsPerDay',
        'must be below enterReadsPerDay, or objects would flap between tiers',
      ],
      ['graceHours', expect.any(String)],
      ['capsPerHour', expect.stringContaining('object')],
      ['', expect.stringContaining('retention')],
    ])
  })

  it('is refused when the hot band does not lie above the warm one', () => {
    const text = MINIMAL.replace('enterReadsPerDay: 1,', 'enterReadsPerDay: 0.09,').replace('0.5 }', '0.06 }')
    expect(problemsOf(text)).toEqual([
      ['threshold.hot.enterReadsPerDay', 'must be above warm.enterReadsPerDay'],
    ])
  })
})

function problemsOf(text: string): [string, string][] {
  try {
    parsePolicy(text)
  } catch (error) {
    if (error instanceof InvalidDocument) return error.problems.map(({ path, message }) => [path, message])
    throw error
  }
  throw new Error('nothing was refused')
}
