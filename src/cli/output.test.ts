import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderList, renderOne, type View } from './output.ts'
import { bytesText, countText, durationText, usdText } from './units.ts'

interface Fruit {
  readonly name: string
  readonly grams: number
}

const view: View<Fruit> = {
  name: fruit => fruit.name,
  columns: [
    { header: 'NAME', value: fruit => fruit.name },
    { header: 'GRAMS', value: fruit => String(fruit.grams), align: 'right' },
    { header: 'KILOS', value: fruit => String(fruit.grams / 1_000), wide: true },
  ],
}
const fruits = [
  { name: 'fig', grams: 50 },
  { name: 'pineapple', grams: 1_500 },
]

describe('a list', () => {
  test('is a table without lines, numbers to the right', () => {
    expect(renderList(fruits, view, { format: 'table', headers: true })).toBe(
      'NAME        GRAMS\nfig            50\npineapple    1500',
    )
  })

  test('shows more with wide, and no headers when asked', () => {
    const lines = renderList(fruits, view, { format: 'wide', headers: false }).split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(/^pineapple +1500 +1\.5$/)
  })

  test('is whole for scripts', () => {
    expect(JSON.parse(renderList(fruits, view, { format: 'json', headers: true }))).toEqual(fruits)
    expect(parse(renderList(fruits, view, { format: 'yaml', headers: true }))).toEqual(fruits)
    expect(renderList(fruits, view, { format: 'name', headers: true })).toBe('fig\npineapple')
  })

  test('keeps a line break of a value out of the table', () => {
    const [, line, ...more] = renderList([{ name: 'a\nb', grams: 1 }], view, {
      format: 'table',
      headers: true,
    }).split('\n')
    expect(line).toMatch(/^a b +1$/)
    expect(more).toEqual([])
  })
})

test('one item is a line for each column', () => {
  expect(renderOne(fruits[0]!, view, 'table')).toBe('name   fig\ngrams  50\nkilos  0.05')
})

describe('units', () => {
  test('bytes in powers of 1,024', () => {
    expect([0, 1, 1023, 1024, 17_715, 5 * 1024 ** 4].map(bytesText)).toEqual([
      '0 B',
      '1 B',
      '1023 B',
      '1.00 KiB',
      '17.3 KiB',
      '5.00 TiB',
    ])
  })

  test('money that is small is not nothing', () => {
    expect([0, 1_234.5, -0.5, 0.000_012_34].map(usdText)).toEqual([
      '$0.00',
      '$1,234.50',
      '-$0.50',
      '$0.0000123',
    ])
  })

  test('times and counts', () => {
    expect([0.31, 41, 3_600, 90_061].map(durationText)).toEqual(['0.3 s', '41 s', '1 h', '1 d 1 h'])
    expect([9.97, 59.7, 3_599.6].map(durationText)).toEqual(['10 s', '1 min', '1 h'])
    expect(countText(1_234_567)).toBe('1,234,567')
  })
})
