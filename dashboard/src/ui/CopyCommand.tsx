import { type ReactNode, useEffect, useState } from 'react'
import { Icon } from './Icon.tsx'

const COPIED_SHOWN_MS = 1_500

/** One command of the command line, ready to be copied. */
export function CopyCommand({ command }: { command: string }): ReactNode {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), COPIED_SHOWN_MS)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <button
      type="button"
      onClick={() => navigator.clipboard?.writeText(command).then(() => setCopied(true))}
      className="inline-flex max-w-full items-center gap-2 rounded border border-line-strong bg-sunken px-2.5 py-1.5 text-left font-mono text-xs text-ink hover:bg-hover"
      aria-label={`Copy the command: ${command}`}
    >
      <code className="min-w-0 overflow-hidden text-ellipsis">{command}</code>
      <Icon name={copied ? 'check' : 'copy'} size={13} />
    </button>
  )
}
