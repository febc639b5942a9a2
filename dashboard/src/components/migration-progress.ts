import type { Migration } from '../api/types.ts'

/**
 * The share of its way that each state stands for; copying fills the space between its bounds by bytes. A
 * move that came to nothing has gone no part of it.
 */
const COPYING_FROM = 0.02
const COPYING_TO = 0.7

const SHARE: Readonly<Record<Migration['state'], number>> = {
  planned: 0,
  'waiting-restore': 0.01,
  copying: COPYING_FROM,
  copied: COPYING_TO,
  verifying: 0.75,
  verified: 0.85,
  switched: 0.9,
  grace: 0.95,
  'deleting-source': 0.98,
  done: 1,
  aborted: 0,
  quarantined: 0,
  retained: 1,
  'rolled-back': 0,
}

/** How far a migration is, between 0 and 1: copying by its bytes, the rest by its steps. */
export function migrationShare({
  state,
  size,
  bytesCopied,
}: Pick<Migration, 'state' | 'size' | 'bytesCopied'>): number {
  if (state !== 'copying' || size === 0) return SHARE[state]
  return COPYING_FROM + (COPYING_TO - COPYING_FROM) * Math.min(1, bytesCopied / size)
}
