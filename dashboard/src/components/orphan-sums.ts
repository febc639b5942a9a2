import type { OrphanSum } from '../api/types.ts'

interface Total {
  readonly orphans: number
  readonly bytes: number
  readonly monthlyUsd: number
}

/** What the ledger of orphans adds up to: everything, each kind that occurs, and what waits for a person. */
export interface LedgerTotals {
  readonly all: Total
  /** Dearest first. */
  readonly kinds: readonly (Total & { readonly kind: OrphanSum['kind'] })[]
  readonly undecided: Total
}

/** Adds up the sums per kind and state. */
export function ledgerTotals(sums: readonly OrphanSum[]): LedgerTotals {
  const kinds = [...new Set(sums.map(({ kind }) => kind))]
  return {
    all: totalOf(sums),
    kinds: kinds
      .map(kind => ({ kind, ...totalOf(sums.filter(sum => sum.kind === kind)) }))
      .toSorted((left, right) => right.monthlyUsd - left.monthlyUsd),
    undecided: totalOf(sums.filter(({ state }) => state === 'seen' || state === 'confirmed')),
  }
}

function totalOf(sums: readonly OrphanSum[]): Total {
  const add = (of: (sum: OrphanSum) => number) => sums.reduce((total, sum) => total + of(sum), 0)
  return {
    orphans: add(sum => sum.orphans),
    bytes: add(sum => sum.bytes),
    monthlyUsd: add(sum => sum.monthlyUsd),
  }
}
