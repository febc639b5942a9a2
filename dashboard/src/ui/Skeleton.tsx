import type { ReactNode } from 'react'

/** Keeps the place of text that is still loading. `width` in CSS units. */
export function Skeleton({ width = '100%', height = 12 }: { width?: string; height?: number }): ReactNode {
  return <span aria-hidden="true" className="skeleton inline-block align-middle" style={{ width, height }} />
}
