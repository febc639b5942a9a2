import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from 'react'

const HEIGHT = 96
const BASELINE = HEIGHT - 16
const VIEW_WIDTH = 540

export interface DayValue {
  readonly day: string
  readonly value: number
}

interface DailyBarsProps {
  readonly days: readonly DayValue[]
  readonly label: string
  readonly describe: (day: DayValue) => string
}

/** One bar per day from a zero baseline. The day under the pointer, or chosen with the arrow keys, is read out. */
export function DailyBars({ days, label, describe }: DailyBarsProps): ReactNode {
  const [chosen, setChosen] = useState<number | null>(null)
  const highest = Math.max(1, ...days.map(day => day.value))
  const step = VIEW_WIDTH / Math.max(1, days.length)
  const shown = chosen === null ? null : days[chosen]

  function point(event: PointerEvent<SVGSVGElement>): void {
    const box = event.currentTarget.getBoundingClientRect()
    const index = Math.floor(((event.clientX - box.left) / box.width) * days.length)
    setChosen(Math.min(days.length - 1, Math.max(0, index)))
  }

  function move(event: KeyboardEvent<SVGSVGElement>): void {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (by === 0) return
    event.preventDefault()
    setChosen(now => Math.min(days.length - 1, Math.max(0, (now ?? days.length) + by)))
  }

  return (
    <figure className="m-0">
      <svg
        role="img"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read single days
        tabIndex={0}
        viewBox={`0 0 ${VIEW_WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="block h-24 w-full"
        onPointerMove={point}
        onPointerLeave={() => setChosen(null)}
        onKeyDown={move}
        onBlur={() => setChosen(null)}
      >
        <line x1="0" x2={VIEW_WIDTH} y1={BASELINE} y2={BASELINE} stroke="var(--line-strong)" />
        {days.map((day, index) => {
          const height = day.value <= 0 ? 0 : Math.max(2, (day.value / highest) * (BASELINE - 4))
          return (
            <rect
              key={day.day}
              x={index * step + step * 0.1}
              y={BASELINE - height}
              width={step * 0.8}
              height={height}
              fill={index === chosen ? 'var(--accent)' : 'var(--ink-faint)'}
            />
          )
        })}
      </svg>
      <figcaption className="flex justify-between gap-2 text-xs text-ink-faint" aria-live="polite">
        <span>{days[0]?.day}</span>
        <span className="text-ink-soft">{shown === null || shown === undefined ? '' : describe(shown)}</span>
        <span>{days.at(-1)?.day}</span>
      </figcaption>
    </figure>
  )
}
