import {
  type FaultOperation,
  type FaultRule,
  OPERATIONS_OF_FAULT,
  problemOfFaultRule,
} from '../../domain/fault.ts'

/** Decides which requests fail: by the rules, in their order; the first that hits is what happens. */
export class FaultDice {
  readonly #rules: readonly { readonly rule: FaultRule; met: number }[]
  readonly #random: () => number

  /** `random` is from [0, 1); the same numbers make the same faults. */
  constructor(rules: readonly FaultRule[], random: () => number) {
    for (const rule of rules) {
      const problem = problemOfFaultRule(rule)
      if (problem !== null) throw new Error(problem)
    }
    this.#rules = rules.map(rule => ({ rule, met: 0 }))
    this.#random = random
  }

  /** What happens to this request; null when it works. */
  decide(operation: FaultOperation, key: string | null): FaultRule | null {
    for (const counted of this.#rules) {
      if (!canHit(counted.rule, operation, key)) continue
      counted.met++
      if (this.#hits(counted)) return counted.rule
    }
    return null
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #hits({ rule, met }: { rule: FaultRule; met: number }): boolean {
    if (rule.nth !== undefined && rule.nth !== met) return false
    return rule.probability === undefined || this.#random() < rule.probability
  }
}

function canHit(rule: FaultRule, operation: FaultOperation, key: string | null): boolean {
  if (!(rule.on ?? OPERATIONS_OF_FAULT[rule.fault]).includes(operation)) return false
  return rule.keyPrefix === undefined || (key?.startsWith(rule.keyPrefix) ?? false)
}
