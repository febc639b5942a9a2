import {
  FAULT_KINDS,
  FAULT_OPERATIONS,
  type FaultKind,
  type FaultRule,
  problemOfFaultRule,
  REFUSALS,
} from '../domain/fault.ts'
import type { Address } from '../simulator/fault-proxy/fault-proxy.ts'
import { NETWORK_FAULT_KINDS, type NetworkFault } from '../simulator/fault-proxy/network-fault.ts'
import { CliError, EXIT } from './exit-codes.ts'
import { parseByteRate } from './parse-budget-window.ts'

/**
 * A rule of a faulty store as people write it: `flips`, `refused:on=get+head,probability=0.1,refusal=throttled`,
 * `delayed:ms=500,key=logs/`. Throws with exit code 2 for what is none.
 */
export function parseFaultRule(text: string): FaultRule {
  const { kind, values } = partsOf(text)
  const fault = oneOf<FaultKind>(text, 'fault', kind, FAULT_KINDS)
  const rule: { -readonly [Name in keyof FaultRule]: FaultRule[Name] } = { fault }
  for (const [name, value] of values) {
    switch (name) {
      case 'on':
        rule.on = value.split('+').map(operation => oneOf(text, 'operation', operation, FAULT_OPERATIONS))
        break
      case 'key':
        rule.keyPrefix = value
        break
      case 'probability':
        rule.probability = numberOf(text, value)
        break
      case 'nth':
        rule.nth = numberOf(text, value)
        break
      case 'ms':
        rule.delayMs = numberOf(text, value)
        break
      case 'refusal':
        rule.refusal = oneOf(text, 'refusal', value, REFUSALS)
        break
      default:
        throw wrong(text, `there is no "${name}": there are on, key, probability, nth, ms and refusal`)
    }
  }
  const problem = problemOfFaultRule(rule)
  if (problem !== null) throw wrong(text, problem)
  return rule
}

/** A fault of connections as people write it: `latency:ms=200,jitter=50`, `cut:bytes=65536,direction=down`. */
export function parseNetworkFault(text: string, toxicity: number): NetworkFault {
  const { kind, values } = partsOf(text)
  const { direction = 'both', ...rest } = Object.fromEntries(values)
  const common = { direction: oneOf(text, 'direction', direction, ['up', 'down', 'both'] as const), toxicity }
  const given = <Name extends string>(...names: Name[]): Record<Name, string | undefined> => {
    const unknown = Object.keys(rest).find(name => !names.includes(name as Name))
    if (unknown !== undefined) throw wrong(text, `${kind} has no "${unknown}"`)
    return rest as Record<Name, string | undefined>
  }
  const known = oneOf(text, 'fault', kind, NETWORK_FAULT_KINDS)
  switch (known) {
    case 'latency': {
      const { ms = '100', jitter = '0' } = given('ms', 'jitter')
      return { ...common, kind: known, ms: numberOf(text, ms), jitterMs: numberOf(text, jitter) }
    }
    case 'bandwidth': {
      const { rate } = given('rate')
      if (rate === undefined) throw wrong(text, 'write bandwidth:rate=1MB')
      return { ...common, kind: known, bytesPerSecond: parseByteRate(rate) }
    }
    case 'cut': {
      const { bytes = '0' } = given('bytes')
      return { ...common, kind: known, bytes: numberOf(text, bytes) }
    }
    default: {
      const { ms = '0' } = given('ms')
      return { ...common, kind: known, ms: numberOf(text, ms) }
    }
  }
}

/** `host:port`, or a port of this machine; IPv6 in brackets. Throws with exit code 2. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, port] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new CliError(EXIT.usage, `"${text}" is no address: write host:port`)
  return { host: bracketed ?? plain ?? '127.0.0.1', port: Number(port) }
}

function partsOf(text: string): { kind: string; values: [string, string][] } {
  const [, kind, list] = /^([a-z-]+)(?::(.*))?$/.exec(text) ?? []
  if (kind === undefined) throw wrong(text, 'write a fault such as flips or refused:on=get,probability=0.1')
  const parts = list === undefined || list === '' ? [] : list.split(',')
  const values = parts.map((part): [string, string] => {
    const [, name, value] = /^([a-z]+)=(.*)$/.exec(part.trim()) ?? []
    if (name === undefined || value === undefined) throw wrong(text, `"${part}" is no name=value`)
    return [name, value]
  })
  return { kind, values }
}

function oneOf<Name extends string>(text: string, what: string, name: string, names: readonly Name[]): Name {
  const found = names.find(one => one === name)
  if (found === undefined) throw wrong(text, `there is no ${what} "${name}": there are ${names.join(', ')}`)
  return found
}

function numberOf(text: string, value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number >= 0)) throw wrong(text, `"${value}" is no number from 0 on`)
  return number
}

function wrong(text: string, reason: string): CliError {
  return new CliError(EXIT.usage, `"${text}" is no fault: ${reason}`)
}
