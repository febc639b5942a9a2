import type { ReactNode } from 'react'

/** A document as people wrote it: names and values, deeper ones indented. */
export function DocumentView({ document }: { document: Readonly<Record<string, unknown>> }): ReactNode {
  return (
    <details className="border-t border-line pt-2">
      <summary className="cursor-pointer text-ink-soft select-none">The whole document</summary>
      <pre className="mt-2 overflow-x-auto rounded bg-sunken p-3 font-mono text-xs leading-5 whitespace-pre-wrap">
        {linesOf(document, 0).join('\n')}
      </pre>
    </details>
  )
}

function linesOf(value: Readonly<Record<string, unknown>>, depth: number): string[] {
  const indent = '  '.repeat(depth)
  return Object.entries(value).flatMap(([name, part]) => {
    if (typeof part === 'object' && part !== null && !Array.isArray(part)) {
      return [`${indent}${name}:`, ...linesOf(part as Record<string, unknown>, depth + 1)]
    }
    return [`${indent}${name}: ${Array.isArray(part) ? `[${part.map(scalar).join(', ')}]` : scalar(part)}`]
  })
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
