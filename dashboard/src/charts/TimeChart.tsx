import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatTimeOfDay } from '../format/time.ts'
import { Button } from '../ui/Button.tsx'
import { ChartTable } from './ChartTable.tsx'
import { type ChartData, stacked } from './chart-data.ts'
import type { ChartSeries } from './chart-series.ts'
import { readToken } from './read-token.ts'

interface TimeChartProps {
  readonly title: ReactNode
  readonly label: string
  readonly series: readonly ChartSeries[]
  readonly data: ChartData
  /** Series lie on top of each other as areas. */
  readonly stack?: boolean
  /** Axis steps in powers of 1,024 instead of 1,000. */
  readonly binary?: boolean
  readonly height?: number
}

const RIGHT_ROOM_PX = 22
const AXIS_WIDTH_PX = 62
const AXIS_HEIGHT_PX = 24
/** Steps of an axis of bytes: round numbers of every binary unit. */
const BINARY_STEPS = [0, 1, 2, 3, 4, 5].flatMap(power =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map(step => step * 1024 ** power),
)

/**
 * Values over time from a zero baseline. The readout names every series at the pointer, else the newest
 * values; dragging zooms, a double click shows all again, arrow keys move the pointer, and the numbers
 * behind it are one click away.
 */
export function TimeChart(props: TimeChartProps): ReactNode {
  const { series, data, stack = false, binary = false, height = 150 } = props
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const [asTable, setAsTable] = useState(false)
  const [theme, setTheme] = useState(0)
  const drawn = useMemo(() => (stack ? stacked(data) : data), [data, stack])
  const empty = data[0].length === 0
  const latest = useRef(drawn)
  latest.current = drawn

  useThemeChange(() => setTheme(count => count + 1))
  // biome-ignore lint/correctness/useExhaustiveDependencies: `theme` makes the chart read its colours again
  useEffect(() => {
    const element = host.current
    if (element === null || asTable) return
    const made = new uPlot(
      optionsOf({ element, series, stack, binary, height, onPoint: setPointed }),
      latest.current as uPlot.AlignedData,
      element,
    )
    plot.current = made
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    return () => {
      resize.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [series, stack, binary, height, theme, asTable, empty])
  useEffect(() => {
    const shown = plot.current
    if (shown === null) return
    // Somebody who zoomed keeps looking at what they chose while new values arrive. Asked before the data
    // changes: the scale follows later, and drawing at the old one would hold it there.
    const zoomed = isZoomed(shown)
    shown.setData(drawn as uPlot.AlignedData, !zoomed)
    if (zoomed) shown.redraw()
  }, [drawn])

  function move(event: KeyboardEvent): void {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    const shown = plot.current
    if (by === 0 || shown === null) return
    event.preventDefault()
    const index = Math.min(
      data[0].length - 1,
      Math.max(0, (pointed ?? data[0].length - 1) + by * Math.ceil(data[0].length / 100)),
    )
    shown.setCursor({ left: shown.valToPos(data[0][index] ?? 0, 'x'), top: 10 })
  }

  const at = pointed ?? lastWithValues(data)
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 pb-1">
        <h3 className="text-sm font-semibold">{props.title}</h3>
        <Button size="small" variant="quiet" pressed={asTable} onClick={() => setAsTable(shown => !shown)}>
          {asTable ? 'Chart' : 'Table'}
        </Button>
      </div>
      <ul className="flex flex-wrap gap-x-4 text-xs text-ink-soft">
        {series.map((each, index) => {
          const value = at === null ? null : (data[index + 1]?.[at] ?? null)
          return (
            <li key={each.name} className="flex items-center gap-1.5">
              <span
                aria-hidden="true"
                className="inline-block h-0.5 w-3"
                style={{ background: `var(${each.token})`, height: stack ? 8 : 2 }}
              />
              {each.name}
              <span className="font-medium text-ink">{value === null ? '–' : each.format(value)}</span>
            </li>
          )
        })}
        <li className="ml-auto text-ink-faint">
          {pointed === null || data[0][pointed] === undefined
            ? ''
            : `${formatTimeOfDay(data[0][pointed] * 1000)} UTC`}
        </li>
      </ul>
      {empty ? (
        <p className="mt-1 flex items-center justify-center text-ink-faint" style={{ height }}>
          Nothing measured yet
        </p>
      ) : asTable ? (
        <ChartTable series={series} data={data} height={height} label={props.label} />
      ) : (
        <div
          ref={host}
          role="img"
          aria-label={props.label}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the pointer of the chart
          tabIndex={0}
          onKeyDown={move}
          onBlur={() => setPointed(null)}
          className="mt-1 w-full"
          style={{ height }}
        />
      )}
    </div>
  )
}

interface PlotParts {
  readonly element: HTMLElement
  readonly series: readonly ChartSeries[]
  readonly stack: boolean
  readonly binary: boolean
  readonly height: number
  readonly onPoint: (index: number | null) => void
}

function optionsOf({ element, series, stack, binary, height, onPoint }: PlotParts): uPlot.Options {
  const ink = readToken(element, '--ink-faint')
  const line = readToken(element, '--line')
  const font = `11px ${getComputedStyle(element).fontFamily}`
  const format = series[0]?.format ?? String
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: Math.max(50, element.clientWidth),
    height,
    padding: [8, RIGHT_ROOM_PX, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 5 }, drag: { x: true, y: false } },
    scales: {
      x: { time: true },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), niceTop(high ?? 0)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: AXIS_HEIGHT_PX,
        values: (_, ticks, _axis, _space, stepSeconds) => ticks.map(tick => tickText(tick, stepSeconds)),
        space: 70,
      },
      {
        ...axis,
        size: AXIS_WIDTH_PX,
        ...(binary ? { incrs: BINARY_STEPS } : {}),
        values: (_, ticks) => ticks.map(tick => format(tick)),
        space: 32,
      },
    ],
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    series: [
      {},
      ...series.map(each => {
        const colour = readToken(element, each.token)
        return {
          label: each.name,
          stroke: colour,
          width: stack ? 0.5 : 1.5,
          points: { show: false },
          ...(stack ? { fill: colour } : {}),
          ...(each.dashed === true ? { dash: [4, 3] } : {}),
        }
      }),
    ],
    // Each area covers only what lies between its sum and the one below it.
    ...(stack
      ? { bands: series.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })) }
      : {}),
    hooks: { setCursor: [shown => onPoint(shown.cursor.idx ?? null)] },
  }
}

/** The time of a tick: seconds only where ticks are closer than a minute. */
function tickText(tickSeconds: number, stepSeconds: number): string {
  return formatTimeOfDay(tickSeconds * 1000).slice(0, stepSeconds < 60 ? 8 : 5)
}

function niceTop(high: number): number {
  return high > 0 ? high * 1.08 : 1
}

function isZoomed(shown: uPlot): boolean {
  const times = shown.data[0]
  const { min, max } = shown.scales.x ?? {}
  if (times.length < 2 || min === undefined || max === undefined || min === null || max === null) return false
  return max - min < (times[times.length - 1]! - times[0]!) * 0.98
}

function lastWithValues(data: ChartData): number | null {
  for (let index = data[0].length - 1; index >= 0; index -= 1) {
    if ((data[1]?.[index] ?? null) !== null) return index
  }
  return null
}

function useThemeChange(onChange: () => void): void {
  const changed = useRef(onChange)
  changed.current = onChange
  useEffect(() => {
    const tell = () => changed.current()
    const preference = matchMedia('(prefers-color-scheme: dark)')
    preference.addEventListener('change', tell)
    const watcher = new MutationObserver(tell)
    watcher.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      preference.removeEventListener('change', tell)
      watcher.disconnect()
    }
  }, [])
}
