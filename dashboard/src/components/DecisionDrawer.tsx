import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { decisionQuery } from '../api/queries.ts'
import type { Decision } from '../api/types.ts'
import { formatBytes, formatDecimal, formatHeatScore, formatUsdExact } from '../format/quantity.ts'
import { formatDays, formatExact, instantOf } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Drawer } from '../ui/Drawer.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { CostAlternatives } from './CostAlternatives.tsx'
import { Facts, Section } from './Facts.tsx'
import { PathLink } from './PathLink.tsx'
import { QueryError } from './QueryError.tsx'
import { DECISION_WORDS } from './reason-words.ts'
import { savingParts } from './saving-parts.ts'

/** One decision: the reason, every alternative with its price, and what it was made from. */
export function DecisionDrawer({ id, onClose }: { id: string | null; onClose: () => void }): ReactNode {
  const { data, error, refetch } = useQuery({ ...decisionQuery(id ?? ''), enabled: id !== null })
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={
        data === undefined ? (
          'Decision'
        ) : (
          <span className="font-mono text-sm break-all">{`${data.bucket}/${data.key}`}</span>
        )
      }
    >
      {data !== undefined ? (
        <DecisionBody decision={data} />
      ) : error !== null ? (
        <QueryError error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton width="80%" height={14} />
      )}
    </Drawer>
  )
}

function DecisionBody({ decision }: { decision: Decision }): ReactNode {
  const { inputs } = decision
  const decidedFor = instantOf(inputs.at)
  return (
    <>
      <Section title="Decision">
        <p className="mb-3 text-base">
          {DECISION_WORDS[decision.reason]}: from {decision.from.name} to {decision.to.name}.
        </p>
        <Facts
          facts={{
            Saves: `${formatUsdExact(decision.monthlySavingUsd)} per month`,
            'Of it': savingParts(decision, formatUsdExact),
            'Costs once': formatUsdExact(decision.oneTimeUsd),
            'Paid back in': formatDays(decision.paybackDays),
            Object: <PathLink to={paths.object(decision.bucket, decision.key)}>Open the object</PathLink>,
          }}
        />
      </Section>
      <Section title="What each place would cost">
        <CostAlternatives alternatives={decision.alternatives} />
      </Section>
      <Section title="Made from">
        <Facts
          facts={{
            Size: formatBytes(inputs.size),
            Heat: `${formatDecimal(inputs.heatPerDay)} reads per day, score ${formatHeatScore(inputs.heatScore)}`,
            Expected: `${formatDecimal(inputs.readsPerMonthExpected)} reads per month`,
            'In place for': formatDays(inputs.daysInLocation),
            Prices: inputs.priceBook,
            Policy: inputs.policy,
            'Model clock': decidedFor === null ? null : formatExact(decidedFor),
          }}
        />
      </Section>
    </>
  )
}
