import type { ReactNode } from 'react'

const WIDTH = 96
const HEIGHT = 20

interface SparklineProps {
  /** One value per equal step of time, oldest first. */
  readonly values: readonly number[]
  /** What a screen reader hears instead. */
  readonly label: string
}

/** A tiny history in the width of a word: bars from zero, the newest at the right. */
export function Sparkline({ values, label }: SparklineProps): ReactNode {
  const highest = Math.max(1, ...values)
  const step = WIDTH / Math.max(1, values.length)
  return (
    <svg
      role="img"
      aria-label={label}
      width={WIDTH}
      height={HEIGHT}
      className="inline-block align-middle text-ink-faint"
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line)" />
      {values.map((value, index) => {
        if (value <= 0) return null
        // A square root keeps a quiet day visible beside a burst.
        const height = Math.max(1.5, Math.sqrt(value / highest) * (HEIGHT - 2))
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place in time
            key={index}
            x={index * step + 0.25}
            y={HEIGHT - height}
            width={Math.max(0.75, step - 0.5)}
            height={height}
            fill="currentColor"
          />
        )
      })}
    </svg>
  )
}
