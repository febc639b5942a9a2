/** Rows of a chart in uPlot's form: times in seconds, then one array per series; null is a gap. */
export type ChartData = readonly [number[], ...(number | null)[][]]

/** A pause this many times the usual step is a gap, not a line. */
const GAP_STEPS = 4

interface Sample {
  /** Milliseconds. */
  readonly at: number
  readonly values: readonly (number | null)[]
}

/** Samples as chart data, with a hole where none arrived for a while: a gap is shown as a gap. */
export function chartDataOf(samples: readonly Sample[], seriesCount: number): ChartData {
  const times: number[] = []
  const series: (number | null)[][] = Array.from({ length: seriesCount }, () => [])
  const step = usualStep(samples)
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1]
    if (before !== undefined && sample.at - before.at > step * GAP_STEPS) {
      times.push((before.at + step) / 1000)
      for (const each of series) each.push(null)
    }
    times.push(sample.at / 1000)
    for (const [at, each] of series.entries()) each.push(sample.values[at] ?? null)
  }
  return [times, ...series]
}

/** Turns series into running sums, the first at the bottom, so that areas stack. */
export function stacked(data: ChartData): ChartData {
  const [times, ...series] = data
  const sums: (number | null)[][] = []
  for (const [index, values] of series.entries()) {
    const below = sums[index - 1]
    sums.push(values.map((value, at) => (value === null ? null : value + (below?.[at] ?? 0))))
  }
  return [times, ...sums]
}

function usualStep(samples: readonly Sample[]): number {
  const steps: number[] = []
  for (let index = 1; index < samples.length; index += 1)
    steps.push(samples[index]!.at - samples[index - 1]!.at)
  steps.sort((left, right) => left - right)
  return Math.max(1_000, steps[Math.floor(steps.length / 2)] ?? 1_000)
}
