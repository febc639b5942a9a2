import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { signOut } from '../api/actions.ts'
import { scrubQuery, sessionQuery } from '../api/queries.ts'
import type { Overview } from '../api/types.ts'
import { formatDecimal } from '../format/quantity.ts'
import { formatDuration, formatExact } from '../format/time.ts'
import { Button } from '../ui/Button.tsx'
import { classNames } from '../ui/class-names.ts'
import { Icon } from '../ui/Icon.tsx'
import { Tooltip } from '../ui/Tooltip.tsx'
import { useLive } from './live.tsx'
import { useClockScale, useNow } from './model-clock.tsx'
import { useSession } from './session.tsx'
import { systemStateOf } from './system-state.ts'
import { THEMES, useTheme } from './theme.ts'

interface TopLineProps {
  readonly overview: Overview | undefined
  readonly onSearch: () => void
}

/** Search, the model clock where it runs differently, the system in one word, and who is here. */
export function TopLine({ overview, onSearch }: TopLineProps): ReactNode {
  useSearchKeys(onSearch)
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-3 border-b border-line bg-surface px-6 max-sm:gap-2 max-sm:px-3">
      <button
        type="button"
        onClick={onSearch}
        className="flex h-8 w-80 min-w-0 shrink items-center gap-2 rounded border border-line-strong bg-page px-2.5 text-ink-faint hover:bg-hover max-sm:h-9 max-sm:w-auto max-sm:flex-1"
      >
        <Icon name="search" size={14} />
        <span className="truncate">Search objects and pages</span>
        <kbd className="ml-auto shrink-0 font-sans text-xs whitespace-nowrap max-sm:hidden">
          {isApple() ? '⌘K' : 'Ctrl K'}
        </kbd>
      </button>
      <div className="ml-auto flex items-center gap-3 max-sm:gap-1">
        <ModelClock />
        <SystemWordMark overview={overview} />
        <ThemeButton />
        <SignOutButton />
      </div>
    </header>
  )
}

function SystemWordMark({ overview }: { overview: Overview | undefined }): ReactNode {
  const live = useLive()
  const scrub = useQuery(scrubQuery)
  const state = systemStateOf(overview, live.status, scrub.data?.quarantinedObjects)
  return (
    <Tooltip content={state.because}>
      <button
        type="button"
        className={classNames(
          'inline-flex h-7 items-center gap-2 rounded-full border px-3 text-sm font-medium whitespace-nowrap',
          state.tone === 'alarm' && 'border-alarm bg-alarm-soft text-alarm',
          state.tone === 'active' && 'border-accent text-accent',
          state.tone === 'neutral' && 'border-line-strong text-ink-soft',
        )}
      >
        <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
        <span className="sr-only">System: </span>
        {state.word}
      </button>
    </Tooltip>
  )
}

/** What time it is for heat and grace; shown only where it differs from the wall clock. */
function ModelClock(): ReactNode {
  const now = useNow('model')
  const scale = useClockScale()
  if (scale === 1) return null
  const pace =
    scale > 1 ? `1 min here is ${formatDuration(scale * 60_000)}` : `${formatDecimal(scale)} × real time`
  return (
    <Tooltip content={`Model clock: heat, minimum storage times and grace follow it. ${pace}.`}>
      <button
        type="button"
        className="text-right text-xs leading-4 whitespace-nowrap tabular-nums text-ink-soft max-sm:hidden"
      >
        <span className="block font-medium text-ink">{formatExact(now).slice(0, 16)}</span>
        <span className="block text-ink-faint">model clock, {pace}</span>
      </button>
    </Tooltip>
  )
}

function ThemeButton(): ReactNode {
  const [theme, choose] = useTheme()
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  const icon = theme === 'light' ? 'sun' : theme === 'dark' ? 'moon' : 'system'
  return (
    <Button
      variant="quiet"
      icon={icon}
      label={`Theme: ${theme}. Change to ${next}`}
      onClick={() => choose(next)}
    />
  )
}

function SignOutButton(): ReactNode {
  const session = useSession()
  const queries = useQueryClient()
  async function leave(): Promise<void> {
    await signOut()
    queries.clear()
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
    location.reload()
  }
  return (
    <Button
      variant="quiet"
      icon="signOut"
      label={`Sign out ${session.name} (${session.role})`}
      onClick={() => void leave()}
    />
  )
}

function useSearchKeys(onSearch: () => void): void {
  useEffect(() => {
    function listen(event: KeyboardEvent): void {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
      const asked = (event.key === 'k' && (event.metaKey || event.ctrlKey)) || (event.key === '/' && !typing)
      if (!asked) return
      event.preventDefault()
      onSearch()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [onSearch])
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent)
}
