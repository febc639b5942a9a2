import { describe, expect, it } from 'vitest'
import { parseBudgetWindow, parseByteRate } from './parse-budget-window.ts'

describe('a window of a budget', () => {
  it('is written as people write it', () => {
    expect(parseBudgetWindow('bytes=20MB,requests=50/s,from=08:00,to=18:00,zone=Europe/Berlin')).toEqual({
      bytesPerSecond: 20_000_000,
      requestsPerSecond: 50,
      from: '08:00',
      to: '18:00',
      timeZone: 'Europe/Berlin',
    })
    expect(['500', '500kB', '1.5GiB/s', '2m'].map(parseByteRate)).toEqual([
      500, 500_000, 1_610_612_736, 2_000_000,
    ])
  })

  it.each([
    ['from=08:00,to=18:00', 'give bytes or requests'],
    ['bytes=1,from=08:00', 'belong together'],
    ['bytes=fast', 'no rate'],
    ['bytes=0', 'no rate'],
    ['requests=-1', 'above 0'],
    ['bytes=1,from=8,to=9', 'no time'],
    ['bytes=1,zone=Moon', 'no time zone'],
    ['speed=1', 'there is no "speed"'],
    ['fast', 'no name=value'],
  ])('says what is wrong with %s', (text, reason) => {
    expect(() => parseBudgetWindow(text)).toThrow(reason)
  })
})
