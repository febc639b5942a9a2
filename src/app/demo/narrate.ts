import pc from 'picocolors'

/** Tells the story of the demo, one line per thing that happened, with the time since its start. */
export interface Narrator {
  tell(line: string): void
  /** A line that stands out: something a person may act on. */
  announce(line: string): void
}

export function createNarrator(options: { print: (line: string) => void; nowMs: () => number }): Narrator {
  const start = options.nowMs()
  const stamp = () => {
    const seconds = Math.round((options.nowMs() - start) / 1000)
    return pc.dim(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`)
  }
  return {
    tell: line => options.print(`${stamp()}  ${line}`),
    announce: line => options.print(`${stamp()}  ${pc.bold(line)}`),
  }
}

/** A number of bytes for people, binary units. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`
}

/** Dollars for people: enough digits that small sums still differ. */
export function formatUsd(usd: number): string {
  return `$${usd.toFixed(Math.abs(usd) >= 100 ? 0 : Math.abs(usd) >= 1 ? 2 : 5)}`
}
