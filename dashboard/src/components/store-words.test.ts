import { expect, it } from 'vitest'
import { faultWords, hoursWords, ratesWords } from './store-words.ts'

it('says what a window allows and when it is open', () => {
  const window = { bytesPerSecond: 20_000_000, requestsPerSecond: 50, from: '08:00', to: '18:00' }
  expect(`${ratesWords(window)}, ${hoursWords(window)}`).toBe(
    '19.1 MiB and 50 requests per second, 08:00 to 18:00, UTC',
  )
  expect(hoursWords({ ...window, timeZone: 'Europe/Berlin' })).toBe('08:00 to 18:00, Europe/Berlin')
  expect(`${ratesWords({ requestsPerSecond: 0.5 })}, ${hoursWords({})}`).toBe(
    '0.5 requests per second, always',
  )
})

it('says what fails on purpose and how often', () => {
  expect(faultWords({ fault: 'hangs' })).toBe('hangs')
  expect(
    faultWords({
      fault: 'refused',
      refusal: 'throttled',
      on: ['get', 'put'],
      probability: 0.2,
      keyPrefix: 'a/',
    }),
  ).toBe('refused (throttled) on get, put for 20 % of requests of keys from a/')
})
