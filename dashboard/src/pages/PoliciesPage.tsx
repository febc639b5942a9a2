import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { bucketsQuery, policiesQuery } from '../api/queries.ts'
import type { Policy } from '../api/types.ts'
import { DocumentView } from '../components/DocumentView.tsx'
import { Facts } from '../components/Facts.tsx'
import { HeatBands, readBands } from '../components/HeatBands.tsx'
import { Moment } from '../components/Moment.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink } from '../components/PathLink.tsx'
import { QueryError } from '../components/QueryError.tsx'
import { formatBytes, formatMilliseconds } from '../format/quantity.ts'
import { formatDays, formatDuration } from '../format/time.ts'
import { paths } from '../paths.ts'
import { EmptyState } from '../ui/EmptyState.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'

const HOUR_MS = 3_600_000

/** What is allowed and wanted, for which buckets. */
export function PoliciesPage(): ReactNode {
  const policies = useQuery(policiesQuery)
  const buckets = useQuery(bucketsQuery)
  const without = (buckets.data ?? []).filter(bucket => bucket.policy === null)
  return (
    <div className="mx-auto max-w-[1440px]">
      <PageHead title="Policies">What is allowed and wanted, for which buckets.</PageHead>
      {policies.error !== null && policies.data === undefined ? (
        <QueryError error={policies.error} onRetry={() => void policies.refetch()} />
      ) : policies.data === undefined ? (
        <Panel>
          <Skeleton width="100%" height={220} />
        </Panel>
      ) : policies.data.length === 0 ? (
        <Panel>
          <EmptyState title="No policy yet" command="dim policy apply --help">
            Without a policy nothing is moved.
          </EmptyState>
        </Panel>
      ) : (
        <div className="grid grid-cols-2 gap-4 max-lg:grid-cols-1">
          {policies.data.map(policy => (
            <PolicyCard key={policy.id} policy={policy} />
          ))}
        </div>
      )}
      {without.length === 0 ? null : (
        <p className="mt-4 text-ink-soft">
          Without a policy, nothing moves: {without.map(bucket => bucket.name).join(', ')}.
        </p>
      )}
    </div>
  )
}

function PolicyCard({ policy }: { policy: Policy }): ReactNode {
  const bands = readBands(policy.spec)
  return (
    <Panel
      title={policy.name}
      aside={
        <>
          revision {policy.revision}, changed <Moment at={policy.updatedAt} /> by {policy.principal}
        </>
      }
    >
      <p className="pb-3 text-ink-soft">
        {policy.buckets.length === 0 ? 'Places no bucket.' : 'Places '}
        {policy.buckets.map((bucket, index) => (
          <span key={bucket}>
            {index === 0 ? '' : ', '}
            <PathLink to={paths.objects({ bucket })}>{bucket}</PathLink>
          </span>
        ))}
      </p>
      {bands === null ? null : <HeatBands bands={bands} />}
      <div className="pb-3">
        <Facts facts={termsOf(policy.spec)} />
      </div>
      <DocumentView document={policy.spec} />
    </Panel>
  )
}

/** The terms of a policy that matter most, in words; what a document does not state is left out. */
function termsOf(spec: Policy['spec']): Readonly<Record<string, string | null>> {
  const number = (name: string) => (typeof spec[name] === 'number' ? spec[name] : null)
  const residence = number('minimumResidenceDays')
  const payback = number('maximumPaybackDays')
  const smallest = number('minimumObjectBytes')
  const latency = number('latencySlaMs')
  const grace = number('graceHours')
  return {
    'Who says yes': spec.approval === 'automatic' ? 'nobody has to, within caps' : 'a person',
    'Stays at least': residence === null ? null : formatDays(residence),
    'Pays back within': payback === null ? null : formatDays(payback),
    'Smallest moved': smallest === null || smallest === 0 ? null : formatBytes(smallest),
    'Latency limit': latency === null ? null : formatMilliseconds(latency),
    'Undo for': grace === null ? null : formatDuration(grace * HOUR_MS),
  }
}
