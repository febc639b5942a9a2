import type { ReactNode } from 'react'
import type { MigrationDetail } from '../api/types.ts'
import { formatBytes } from '../format/quantity.ts'
import { formatDuration, formatExact, formatTimeOfDay } from '../format/time.ts'
import { classNames } from '../ui/class-names.ts'
import { migrationStateName } from './MigrationBadge.tsx'

type Step = MigrationDetail['timeline'][number]

/** What happened, as people say it; an event without words here is shown by its name. */
const EVENT_WORDS: Readonly<Record<string, string>> = {
  planned: 'It was decided',
  'taken-up': 'A worker took it up',
  copied: 'All bytes arrived',
  'copy-failed': 'Copying failed',
  'copy-refused': 'The target refused the copy',
  'source-changed': 'The object changed meanwhile',
  'source-corrupt': 'The source failed its check',
  verified: 'The copy was proven',
  'verification-failed': 'It could not be verified',
  mismatched: 'The copy differed',
  'switch-won': 'Readers got the new copy',
  'switch-lost': 'Somebody else was faster',
  'grace-began': 'The old copy is kept for now',
  'grace-over': 'Grace ended',
  'source-deleted': 'The old copy was deleted',
  'delete-failed': 'Deleting failed',
  'delete-refused': 'The old copy could not be deleted safely',
  'same-place': 'Source and target are one place',
  'primary-lost': 'The new copy went missing',
  'primary-replaced': 'The new copy was found bad; the old one stays',
  'too-few-copies': 'Too few good copies would be left',
  joined: 'It counts as one more copy',
  superseded: 'The object moved on',
  'attempts-exhausted': 'Tried as often as allowed',
  cancelled: 'Somebody cancelled it',
  'rolled-back': 'Readers got the old copy again',
  retried: 'Somebody asked to try again',
  'pause-requested': 'Somebody paused it',
  'resume-requested': 'Somebody let it go on',
  'cancel-requested': 'Somebody asked to cancel it',
  'urgency-changed': 'Somebody changed how urgent it is',
}

/** Every step with when, by whom, and what it proved; oldest first. */
export function MigrationTimeline({ steps }: { steps: readonly Step[] }): ReactNode {
  if (steps.length === 0) return <p className="text-ink-soft">No step yet: it waits for a free worker.</p>
  return (
    <ol className="relative ml-1 border-l border-line-strong">
      {steps.map((step, index) => {
        const before = steps[index - 1]
        const passed = before === undefined ? null : Date.parse(step.at) - Date.parse(before.at)
        const failed = /fail|refused|mismatch|corrupt|lost|exhausted/.test(step.event)
        return (
          <li key={step.sequence} className="relative pb-3 pl-4 last:pb-0">
            <span
              aria-hidden="true"
              className={classNames(
                'absolute top-1.5 -left-[4.5px] size-2 rounded-full ring-2 ring-surface',
                failed ? 'bg-alarm' : 'bg-accent',
              )}
            />
            <div className="flex flex-wrap items-baseline justify-between gap-x-3">
              <span className={classNames('font-medium', failed && 'text-alarm')}>{sentence(step)}</span>
              <span className="text-xs text-ink-faint" title={formatExact(Date.parse(step.at))}>
                {formatTimeOfDay(Date.parse(step.at))}
                {passed === null ? '' : `, after ${formatDuration(passed)}`}
              </span>
            </div>
            <p className="text-xs break-words text-ink-faint">
              {[...details(step), `by ${step.worker}`].join(' · ')}
            </p>
          </li>
        )
      })}
    </ol>
  )
}

function sentence(step: Step): string {
  const said = EVENT_WORDS[step.event] ?? step.event.replaceAll('-', ' ')
  return step.stateFrom === step.stateTo
    ? said
    : `${said} → ${migrationStateName(step.stateTo).toLowerCase()}`
}

/** What the fields of a step say better than their names. */
const SAID_APART: ReadonlySet<string> = new Set(['kind', 'message', 'restMs', 'attempt', 'outage'])

function details({ detail, attempt, error, restsUntil }: Step): string[] {
  const { outage } = detail as { outage?: { since: number; rests: number } }
  return [
    ...(attempt === null ? [] : [`try ${attempt}`]),
    ...(error === null ? [] : [`${error.kind}: ${error.message}`]),
    ...(restsUntil === null ? [] : [`next try ${formatTimeOfDay(Date.parse(restsUntil))}`]),
    ...(outage === undefined
      ? []
      : [`a store did not answer since ${formatExact(outage.since)}, ${outage.rests} rests`]),
    ...others(detail),
  ]
}

function others(detail: Step['detail']): string[] {
  const left = Object.entries(detail).filter(([name]) => !SAID_APART.has(name))
  return left.map(([name, value]) => {
    const label = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()
    if (/bytes|size/i.test(name) && typeof value === 'number') return `${label} ${formatBytes(value)}`
    return `${label} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
  })
}
