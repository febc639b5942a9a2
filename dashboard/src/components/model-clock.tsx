import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'
import type { Overview } from '../api/types.ts'

/** Clocks tick for people once a second. */
const TICK_MS = 1_000

/** What the server's two clocks showed when an answer came, and how fast the model clock runs. */
export interface ClockReading {
  readonly wallAt: number
  readonly modelAt: number
  readonly scale: number
  /** This browser's clock at that moment: it may be wrong, but it runs evenly. */
  readonly readAt: number
}

const ClockContext = createContext<ClockReading | null>(null)

export function ClockProvider({
  reading,
  children,
}: {
  reading: ClockReading | null
  children: ReactNode
}): ReactNode {
  return <ClockContext value={reading}>{children}</ClockContext>
}

/** Reads the server's clocks from an overview that arrived at `readAt`. */
export function clockReadingOf(overview: Pick<Overview, 'at' | 'clock'>, readAt: number): ClockReading {
  return {
    wallAt: Date.parse(overview.at),
    modelAt: Date.parse(overview.clock.modelAt),
    scale: overview.clock.scale,
    readAt,
  }
}

/** What a clock of the server shows now, carried on from its last reading. */
export function clockNow(reading: ClockReading | null, clock: 'wall' | 'model', browserNow: number): number {
  if (reading === null) return browserNow
  const passed = Math.max(0, browserNow - reading.readAt)
  return clock === 'wall' ? reading.wallAt + passed : reading.modelAt + passed * reading.scale
}

/** The server's clock, ticking once a second. */
export function useNow(clock: 'wall' | 'model'): number {
  const reading = useContext(ClockContext)
  const second = useSyncExternalStore(subscribeToSeconds, currentSecond)
  return clockNow(reading, clock, Math.max(second * TICK_MS, reading?.readAt ?? 0))
}

/** How many model seconds pass in a second; 1 unless a time scale is set. */
export function useClockScale(): number {
  return useContext(ClockContext)?.scale ?? 1
}

function currentSecond(): number {
  return Math.floor(Date.now() / TICK_MS)
}

function subscribeToSeconds(onTick: () => void): () => void {
  const timer = setInterval(onTick, TICK_MS)
  return () => clearInterval(timer)
}
