import type { ReactNode } from 'react'
import { endDrill } from '../api/actions.ts'
import type { Store, StoreLoad } from '../api/types.ts'
import { formatCount, formatMilliseconds, formatShare, UNKNOWN } from '../format/quantity.ts'
import { Button } from '../ui/Button.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Moment } from './Moment.tsx'
import { useViewerReason } from './session.tsx'
import { faultWords, hoursWords, ratesWords } from './store-words.ts'
import { useAct } from './use-act.ts'

/** Waits below this are how a budget works, not something to be told. */
const WAIT_SECONDS_TOLD = 0.5

/** Whether the store is asked at all: a store that left most requests unanswered is left alone. */
export function Answers({ load }: { load: StoreLoad | undefined }): ReactNode {
  if (load === undefined) return UNKNOWN
  const { leftAloneBy } = load
  const [first] = leftAloneBy
  if (first === undefined) return 'yes, its breaker is closed'
  const processes = leftAloneBy.length === 1 ? '1 process' : `${formatCount(leftAloneBy.length)} processes`
  return (
    <>
      <strong className="font-semibold text-alarm">No, its breaker opened</strong> <Moment at={first.since} />{' '}
      <span title={leftAloneBy.map(({ process }) => process).join(', ')}>in {processes}</span>; last tried{' '}
      <Moment at={latest(leftAloneBy.map(({ triedAt }) => triedAt))} />. Readers go to other copies,
      migrations rest.
    </>
  )
}

/** The latest of moments as the API sends them, all in the same form. */
function latest(moments: readonly string[]): string | null {
  return moments.toSorted().at(-1) ?? null
}

/** Each window of the budget, and how much of the open one is used. */
export function Budget({ store, load }: { store: Store; load: StoreLoad | undefined }): ReactNode {
  if (store.budget.length === 0) return 'none'
  const now = load?.budget ?? null
  return (
    <div className="flex flex-col gap-1">
      {store.budget.map(window => (
        <span key={JSON.stringify(window)}>
          {ratesWords(window)} <span className="text-ink-faint">{hoursWords(window)}</span>
        </span>
      ))}
      {now === null ? (
        <span className="text-ink-faint">No window is open now: nothing limits.</span>
      ) : (
        <>
          <Used share={now.requestsShare} of="requests" />
          <Used share={now.bytesShare} of="bytes" />
        </>
      )}
      {now === null || now.waitSeconds < WAIT_SECONDS_TOLD ? null : (
        <span>Background work waits {formatMilliseconds(now.waitSeconds * 1_000)}.</span>
      )}
    </div>
  )
}

function Used({ share, of }: { share: number | null; of: string }): ReactNode {
  if (share === null) return null
  // More than all of it is possible: clients spend without waiting.
  const told = share > 1 ? `${Math.round(share * 100)} %` : formatShare(share)
  const label = `${told} of ${of}, last minute`
  return (
    <span className="flex flex-col gap-0.5">
      <span className="text-xs text-ink-faint">{label}</span>
      <Progress share={share} label={label} />
    </span>
  )
}

interface DrillProps {
  readonly id: string
  readonly name: string
  readonly drill: NonNullable<Store['drill']>
}

/** The faults on purpose that a store has now, when they end, and a way to end them. */
export function Drill({ id, name, drill }: DrillProps): ReactNode {
  const viewerReason = useViewerReason()
  const { act, busy } = useAct({
    act: () => endDrill(id),
    done: () => ({ title: `The drill at ${name} has ended.` }),
    stale: ['stores', 'store-loads'],
  })
  return (
    <div className="flex flex-col items-start gap-1">
      <strong className="font-semibold text-alarm">Requests fail on purpose</strong>
      <ul className="flex list-disc flex-col pl-4 marker:text-ink-faint">
        {drill.rules.map(rule => (
          <li key={JSON.stringify(rule)}>{faultWords(rule)}</li>
        ))}
      </ul>
      <span className="text-ink-faint">
        ends <Moment at={drill.until} />
      </span>
      <Button size="small" busy={busy} disabledReason={viewerReason} onClick={() => act(undefined)}>
        End the drill
      </Button>
    </div>
  )
}
