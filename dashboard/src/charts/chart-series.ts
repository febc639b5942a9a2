/** One line or area of a chart: its name, colour and how its values are written. */
export interface ChartSeries {
  readonly name: string
  /** A colour token, for example `--hot`. */
  readonly token: string
  readonly format: (value: number) => string
  readonly dashed?: boolean
}
