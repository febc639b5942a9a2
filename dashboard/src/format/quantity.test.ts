import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatHeatScore,
  formatMilliseconds,
  formatRate,
  formatShare,
  formatUsd,
  formatUsdChange,
  formatUsdExact,
  formatUsdPrice,
} from './quantity.ts'

describe('numbers people read', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1023, '1,023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10 * 1024 * 1024, '10.0 MiB'],
    [1023.6 * 1024, '1.00 MiB'],
    [1000 * 1024 ** 3, '1,000 GiB'],
    [2 ** 53, '8.00 PiB'],
    [Number.NaN, '–'],
  ])('shows %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0, '$0'],
    [1234.4, '$1,234'],
    [12.3, '$12.30'],
    [0.5, '$0.500'],
    [0.0123, '$0.0123'],
    [0.00001234, '$0.0000123'],
    [0.001, '$0.00100'],
    [1e-6, '<$0.00001'],
    [-1e-6, '−<$0.00001'],
    [-4.2, '−$4.20'],
    [999.999, '$1,000'],
    [0.9999, '$1.00'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('shows %d dollars as %s', (usd, text) => expect(formatUsd(usd)).toBe(text))

  it('writes small dollars out where they are asked for exactly', () => {
    expect([formatUsdExact(0.0000000339), formatUsdExact(-1e-6)]).toEqual(['$0.0000000339', '−$0.00000100'])
  })

  it('writes list prices as their vendor does', () => {
    expect([0, 0.1, 0.023, 0.0004, 5].map(formatUsdPrice)).toEqual([
      '$0',
      '$0.10',
      '$0.023',
      '$0.0004',
      '$5.00',
    ])
  })

  it('writes the sign of a change', () => {
    expect([1.2, -0.4, 0, 1e-9].map(formatUsdChange)).toEqual(['+$1.20', '−$0.400', '$0', '<$0.00001'])
  })

  it('keeps counts whole until they are millions', () => {
    expect([formatCount(0), formatCount(5000), formatCount(999_999), formatCount(1_234_567)]).toEqual([
      '0',
      '5,000',
      '999,999',
      '1.23 M',
    ])
  })

  it('gives rates, scores, shares and latencies three significant digits at most', () => {
    expect(formatRate(12.34, 's')).toBe('12.3 /s')
    expect(formatDecimal(0.0004)).toBe('<0.001')
    expect([formatHeatScore(3.14), formatHeatScore(87.6)]).toEqual(['3.1', '88'])
    expect([
      formatShare(0),
      formatShare(0.0001),
      formatShare(0.123),
      formatShare(0.9999),
      formatShare(1),
    ]).toEqual(['0 %', '<0.1 %', '12.3 %', '>99.9 %', '100 %'])
    expect([formatMilliseconds(0.8), formatMilliseconds(45), formatMilliseconds(1200)]).toEqual([
      '0.8 ms',
      '45 ms',
      '1.20 s',
    ])
  })
})
