import type { ReactNode } from 'react'
import { formatExact } from '../format/time.ts'
import type { ChartData } from './chart-data.ts'
import type { ChartSeries } from './chart-series.ts'

/** More rows than this are thinned evenly; the chart itself shows all. */
const ROWS_MAX = 120

interface ChartTableProps {
  readonly series: readonly ChartSeries[]
  readonly data: ChartData
  readonly height: number
  readonly label: string
}

/** The numbers behind a chart, newest first. */
export function ChartTable({ series, data, height, label }: ChartTableProps): ReactNode {
  const every = Math.max(1, Math.ceil(data[0].length / ROWS_MAX))
  const rows = data[0].map((_, index) => index).filter(index => (data[0].length - 1 - index) % every === 0)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
    <section className="mt-1 overflow-auto" style={{ height }} tabIndex={0} aria-label={label}>
      <table className="w-full text-right text-xs">
        <thead className="sticky top-0 bg-surface text-ink-faint">
          <tr>
            <th className="py-1 text-left font-medium">Time</th>
            {series.map(each => (
              <th key={each.name} className="py-1 pl-3 font-medium">
                {each.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map(index => (
            <tr key={data[0][index]} className="border-t border-line">
              <td className="py-1 text-left text-ink-soft">{formatExact(data[0][index]! * 1000)}</td>
              {series.map((each, column) => {
                const value = data[column + 1]?.[index] ?? null
                return (
                  <td key={each.name} className="py-1 pl-3">
                    {value === null ? '–' : each.format(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
