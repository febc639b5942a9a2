import type { ReactNode } from 'react'

/** How much of a whole is done, between 0 and 1; null while nobody knows. */
export function Progress({ share, label }: { share: number | null; label: string }): ReactNode {
  const percent = share === null ? undefined : Math.round(Math.min(1, Math.max(0, share)) * 100)
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className="block h-1.5 w-full overflow-hidden rounded-full bg-line"
    >
      <span
        className="block h-full rounded-full bg-accent transition-[width] duration-500"
        style={{ width: `${percent ?? 0}%` }}
      />
    </span>
  )
}
