/** One measured case of a benchmark: a figure, or a ratio against a reference measured in the same run. */
export interface BenchmarkCase {
  readonly case: string
  readonly ratio: number
  readonly target: number
  readonly better: 'higher' | 'lower'
  /** What the ratio was made from: rates, seconds, counts. */
  readonly [fact: string]: number | string
}

/** What a benchmark file exports: it prints what it does to standard error and returns its cases. */
export type Benchmark = (options: { say: (line: string) => void }) => Promise<readonly BenchmarkCase[]>
