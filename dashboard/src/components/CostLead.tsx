import type { ReactNode } from 'react'
import type { Overview } from '../api/types.ts'
import { PartsBar, PartsLegend } from '../charts/PartsBar.tsx'
import { formatShare } from '../format/quantity.ts'
import { formatTimeOfDay, instantOf } from '../format/time.ts'
import { paths } from '../paths.ts'
import { FlashingText } from '../ui/FlashingText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { type CostStatement, costStatement, type StatementParts } from './cost-statement.ts'
import { PathLink } from './PathLink.tsx'

/** What everything costs per month, in storage and reads: if all were hot, now, and after the open plans. */
export function CostLead({
  overview,
  className,
}: {
  overview: Overview | undefined
  className: string
}): ReactNode {
  return (
    <Panel title="Dollars per month" className={className} aside={basisOf(overview)}>
      {overview === undefined ? (
        <Skeleton width="100%" height={150} />
      ) : (
        <Statement cost={overview.cost} plans={overview.plans.proposed} />
      )}
    </Panel>
  )
}

function Statement({ cost, plans }: { cost: Overview['cost']; plans: number }): ReactNode {
  const statement = costStatement(cost)
  const { everythingHot, now, afterPlans, movesUnderWaySave, openPlansSave } = statement
  const highest = Math.max(...[everythingHot, now, afterPlans].map(widthOf))
  const parts = { statement, highest }
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3 pt-1">
        <span className="text-2xl font-semibold">
          <FlashingText text={statement.shown(now.total ?? now.storage)} />
        </span>
        <span className="text-ink-soft">{verdict(statement)}</span>
      </p>
      <table className="mt-2 w-full" aria-label="Dollars per month, in storage and reads">
        <thead className="text-xs text-ink-faint">
          <tr>
            <th scope="col" className="text-left font-normal">
              <span className="sr-only">Case</span>
            </th>
            <td className="w-full max-md:hidden" />
            {['Storage', 'Reads', 'Total'].map(name => (
              <th key={name} scope="col" className="pl-4 text-right font-normal max-sm:pl-2">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Row name="Everything hot" amounts={everythingHot} bar="cost" {...parts} />
          <Row name="Now" amounts={now} bar="cost" strong {...parts} />
          {isNothing(movesUnderWaySave) ? null : (
            <Row name="Moves under way save" amounts={movesUnderWaySave} {...parts} />
          )}
          <Row
            name={
              <PathLink to={paths.plans({ state: 'proposed' })} className="hover:underline">
                {plans === 1 ? 'The open plan saves' : 'Open plans save'}
              </PathLink>
            }
            amounts={openPlansSave}
            {...parts}
          />
          <Row name="After that" amounts={afterPlans} bar="cost" sum {...parts} />
        </tbody>
      </table>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1 pt-2">
        <p className="max-w-prose text-xs text-ink-faint">
          Storage is exact. {readsNote(cost.readsCountedAt)}
        </p>
        <div className="max-md:hidden">
          <PartsLegend names={['Storage', 'Reads']} />
        </div>
      </div>
    </>
  )
}

interface RowProps {
  readonly name: ReactNode
  readonly amounts: StatementParts
  readonly statement: CostStatement
  readonly highest: number
  readonly bar?: 'cost'
  readonly strong?: boolean
  /** The row above which a line is drawn, as under an addition. */
  readonly sum?: boolean
}

function Row({ name, amounts, statement, highest, bar, strong = false, sum = false }: RowProps): ReactNode {
  const { shown } = statement
  const { storage, reads, total } = amounts
  return (
    <tr className={sum ? 'border-t border-line-strong' : ''}>
      <th
        scope="row"
        className={`py-1 text-left whitespace-nowrap max-sm:whitespace-normal ${strong || sum ? 'font-medium' : 'font-normal text-ink-soft'}`}
      >
        {name}
      </th>
      <td aria-hidden="true" className="py-1 pl-4 max-md:hidden">
        {bar === undefined ? null : (
          <PartsBar
            label=""
            highest={highest}
            parts={[
              { name: 'Storage', value: storage ?? 0, shown: shown(storage) },
              { name: 'Reads', value: reads ?? 0, shown: shown(reads) },
            ]}
          />
        )}
      </td>
      {[storage, reads, total].map((usd, index) => (
        <td
          // biome-ignore lint/suspicious/noArrayIndexKey: the three columns never change places.
          key={index}
          className={`py-1 pl-4 text-right whitespace-nowrap tabular-nums max-sm:pl-2 max-sm:text-xs ${index === 2 ? 'font-medium' : 'text-ink-soft'}`}
        >
          <FlashingText text={shown(usd)} />
        </td>
      ))}
    </tr>
  )
}

/** How long a bar of these parts is: a part below zero is not drawn. */
function widthOf({ storage, reads }: StatementParts): number {
  return Math.max(0, storage ?? 0) + Math.max(0, reads ?? 0)
}

function isNothing({ storage, reads }: StatementParts): boolean {
  return storage === 0 && (reads ?? 0) === 0
}

function verdict({ now, everythingHot: hot, shown }: CostStatement): string {
  if (now.storage === null || hot.storage === null) return 'A location that holds bytes has no price.'
  if (hot.storage <= 0) return 'Nothing is stored yet.'
  const against = (part: number, hotPart: number) =>
    `${shown(Math.abs(part - hotPart))} ${part > hotPart ? 'more' : 'less'}`
  const storage = against(now.storage, hot.storage)
  if (now.reads === null || hot.reads === null || now.total === null || hot.total === null)
    return `for storage, ${storage} than with everything hot.`
  if (now.storage === hot.storage && now.reads === hot.reads) return 'now, as much as with everything hot.'
  const share = now.total < hot.total ? ` (${formatShare(1 - now.total / hot.total)})` : ''
  const parts = `storage ${storage}, reads ${against(now.reads, hot.reads)}`
  return `now, ${against(now.total, hot.total)}${share} than with everything hot: ${parts}.`
}

function readsNote(countedAt: string | null): string {
  const at = instantOf(countedAt)
  const what = 'requests, retrieval and egress'
  if (at === null) return `Reads (${what}) are not counted yet: the planner does it.`
  return `Reads are ${what}, expected at the present heat, as of ${formatTimeOfDay(at)}.`
}

function basisOf(overview: Overview | undefined): string {
  if (overview === undefined) return ''
  const { priceBook } = overview.cost
  return priceBook === null ? 'No price book' : `List prices of ${priceBook}`
}
