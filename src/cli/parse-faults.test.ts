import { describe, expect, it } from 'vitest'
import { parseAddress, parseFaultRule, parseNetworkFault } from './parse-faults.ts'

describe('a fault of a store', () => {
  it('is written as people write it', () => {
    expect(parseFaultRule('flips')).toEqual({ fault: 'flips' })
    expect(parseFaultRule('refused:on=get+multipart.putPart,probability=0.1,refusal=timeout')).toEqual({
      fault: 'refused',
      on: ['get', 'multipart.putPart'],
      probability: 0.1,
      refusal: 'timeout',
    })
    expect(parseFaultRule('delayed:ms=20,key=logs/,nth=3')).toEqual({
      fault: 'delayed',
      delayMs: 20,
      keyPrefix: 'logs/',
      nth: 3,
    })
  })

  it.each([
    ['melts', 'there are refused'],
    ['flips:on=fetch', 'no operation "fetch"'],
    ['flips:on=head', 'cannot happen to head'],
    ['flips:probability=2', 'between 0 and 1'],
    ['flips:often=yes', 'no "often"'],
    ['flips:often', 'no name=value'],
    ['Flips!', 'write a fault'],
  ])('says what is wrong with %s', (text, reason) => {
    expect(() => parseFaultRule(text)).toThrow(reason)
  })
})

describe('a fault of a network', () => {
  it('is written as people write it', () => {
    const common = { direction: 'both', toxicity: 0.5 }
    expect(parseNetworkFault('latency:ms=200,jitter=50', 0.5)).toEqual({
      ...common,
      kind: 'latency',
      ms: 200,
      jitterMs: 50,
    })
    expect(parseNetworkFault('bandwidth:rate=1MB,direction=down', 1)).toEqual({
      direction: 'down',
      toxicity: 1,
      kind: 'bandwidth',
      bytesPerSecond: 1_000_000,
    })
    expect(parseNetworkFault('cut:bytes=10', 0.5)).toEqual({ ...common, kind: 'cut', bytes: 10 })
    expect(parseNetworkFault('reset', 0.5)).toEqual({ ...common, kind: 'reset', ms: 0 })
  })

  it.each([
    ['slow', 'there are latency'],
    ['bandwidth', 'rate=1MB'],
    ['cut:ms=5', 'cut has no "ms"'],
    ['reset:ms=soon', 'no number'],
    ['reset:direction=left', 'no direction'],
  ])('says what is wrong with %s', (text, reason) => {
    expect(() => parseNetworkFault(text, 1)).toThrow(reason)
  })
})

it('an address is a host and a port, or a port', () => {
  expect(parseAddress('9000')).toEqual({ host: '127.0.0.1', port: 9_000 })
  expect(parseAddress('s3.example.org:443')).toEqual({ host: 's3.example.org', port: 443 })
  expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 })
  for (const text of ['', 'host', 'host:99999', 'a:b:1'])
    expect(() => parseAddress(text)).toThrow('no address')
})
