/** What can go wrong with a connection. */
export const NETWORK_FAULT_KINDS = ['latency', 'bandwidth', 'cut', 'reset', 'slow-close', 'timeout'] as const

/**
 * A fault of connections, on their way `down` to the client, `up` to the server or both.
 *
 * - `latency`: bytes come `ms` later, give or take up to `jitterMs`
 * - `bandwidth`: no more than `bytesPerSecond`
 * - `cut`: the connection ends after `bytes`
 * - `reset`: the connection is reset (RST) `ms` after it was made
 * - `slow-close`: the end comes `ms` later
 * - `timeout`: nothing passes; the connection ends after `ms`, or never when that is 0
 */
export type NetworkFault = {
  readonly direction: 'up' | 'down' | 'both'
  /** Of connections. Range: 0 to 1. */
  readonly toxicity: number
} & (
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'reset' | 'slow-close' | 'timeout'; readonly ms: number }
)
