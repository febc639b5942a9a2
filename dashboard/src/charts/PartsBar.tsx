import type { ReactNode } from 'react'

/** Greys and textures, because the colours of tiers and of actions already mean something. */
const FILLS = [
  'var(--ink-soft)',
  'repeating-linear-gradient(135deg, var(--ink-faint) 0 3px, var(--line-strong) 3px 5px)',
  'var(--line-strong)',
  'repeating-linear-gradient(45deg, var(--ink-soft) 0 1.5px, var(--surface) 1.5px 4px)',
  'var(--ink-faint)',
] as const

export interface Part {
  readonly name: string
  readonly value: number
  readonly shown: string
}

/** A cost as its parts, end to end from zero. `highest` is the full width, shared by bars that are compared. */
export function PartsBar({
  parts,
  highest,
  label,
}: {
  parts: readonly Part[]
  highest: number
  label: string
}): ReactNode {
  return (
    <div role="img" aria-label={label} className="flex h-3 w-full">
      {parts.map((part, index) => {
        const share = highest <= 0 ? 0 : Math.max(0, part.value) / highest
        if (share === 0) return null
        return (
          <div
            key={part.name}
            title={`${part.name}: ${part.shown}`}
            className="h-full first:rounded-l last:rounded-r"
            style={{ width: `${share * 100}%`, minWidth: 1, background: FILLS[index % FILLS.length] }}
          />
        )
      })}
    </div>
  )
}

/** The little square that says which texture is which part. */
export function PartsLegend({ names }: { names: readonly string[] }): ReactNode {
  return (
    <ul className="flex flex-wrap gap-x-3 gap-y-1 text-xs text-ink-faint">
      {names.map((name, index) => (
        <li key={name} className="flex items-center gap-1.5">
          <span
            aria-hidden="true"
            className="size-2.5 rounded-sm"
            style={{ background: FILLS[index % FILLS.length] }}
          />
          {name}
        </li>
      ))}
    </ul>
  )
}
