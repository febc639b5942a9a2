import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

const TONES = {
  neutral: 'border-line-strong text-ink-soft',
  active: 'border-accent text-accent',
  ended: 'border-line text-ink-faint',
  alarm: 'border-alarm text-alarm bg-alarm-soft',
} as const

export type BadgeTone = keyof typeof TONES

/** A word about a thing's state. Red only when it needs a person. */
export function Badge({ tone = 'neutral', children }: { tone?: BadgeTone; children: ReactNode }): ReactNode {
  return (
    <span
      className={classNames(
        'inline-flex h-5 items-center rounded-full border px-2 text-xs font-medium whitespace-nowrap',
        TONES[tone],
      )}
    >
      {children}
    </span>
  )
}
