import { KIB } from '../../src/domain/bytes.ts'

/** Short against what is measured, long against what a look costs. */
const LOOK_MS = 25

/** Watches the memory of this process (resident set) while `progress` goes from 0 to 1. */
export function watchMemory(progress: () => number): {
  stop(): { memoryBytesMax: number; memoryBytesMaxOfHalves: [number, number] }
} {
  const halves: [number, number] = [0, 0]
  const look = () => {
    const half = progress() < 0.5 ? 0 : 1
    halves[half] = Math.max(halves[half], process.memoryUsage.rss())
  }
  look()
  const timer = setInterval(look, LOOK_MS)
  return {
    stop() {
      clearInterval(timer)
      look()
      return { memoryBytesMax: process.resourceUsage().maxRSS * KIB, memoryBytesMaxOfHalves: halves }
    },
  }
}
