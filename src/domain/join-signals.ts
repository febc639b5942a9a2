const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>()

/**
 * A signal that aborts as soon as one of these does, with its reason: `AbortSignal.any`, which must not be used
 * instead. Given a signal that was joined with a time-out before, Node 24 keeps that one for ever, a few hundred
 * bytes for each request of a process. So what was joined before is taken apart first.
 */
export function joinSignals(signals: readonly AbortSignal[]): AbortSignal {
  const single = [...new Set(signals.flatMap(signal => sources.get(signal) ?? [signal]))]
  const joined = AbortSignal.any(single)
  sources.set(joined, single)
  return joined
}
