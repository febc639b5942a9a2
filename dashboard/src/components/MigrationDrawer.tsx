import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { migrationQuery } from '../api/queries.ts'
import type { MigrationDetail } from '../api/types.ts'
import { formatBytes, formatCount, formatShare, formatUsdExact } from '../format/quantity.ts'
import { formatDuration, instantOf } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Drawer } from '../ui/Drawer.tsx'
import { ErrorState } from '../ui/ErrorState.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { Facts, Section } from './Facts.tsx'
import { MigrationActions } from './MigrationActions.tsx'
import { MigrationBadge } from './MigrationBadge.tsx'
import { MigrationTimeline } from './MigrationTimeline.tsx'
import { Moment } from './Moment.tsx'
import { isEnded } from './migration-can.ts'
import { migrationShare } from './migration-progress.ts'
import { PathLink } from './PathLink.tsx'
import { QueryError } from './QueryError.tsx'
import { RouteMark } from './RouteMark.tsx'
import { UndoButton } from './UndoButton.tsx'
import { UrgencyButton } from './UrgencyButton.tsx'

/** One migration: what it does now, what it has proven, every step it took. */
export function MigrationDrawer({ id, onClose }: { id: string | null; onClose: () => void }): ReactNode {
  const { data, error, refetch } = useQuery({ ...migrationQuery(id ?? ''), enabled: id !== null })
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={
        data === undefined ? (
          'Migration'
        ) : (
          <span className="font-mono text-sm">{`${data.bucket}/${data.key}`}</span>
        )
      }
    >
      {data !== undefined ? (
        <MigrationBody migration={data} />
      ) : error !== null ? (
        <QueryError error={error} onRetry={() => void refetch()} />
      ) : (
        <div className="flex flex-col gap-3">
          {[60, 90, 75, 40, 80, 65].map(width => (
            <Skeleton key={width} width={`${width}%`} height={14} />
          ))}
        </div>
      )}
    </Drawer>
  )
}

function MigrationBody({ migration }: { migration: MigrationDetail }): ReactNode {
  const share = migrationShare(migration)
  return (
    <>
      <Section title="Now">
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <MigrationBadge migration={migration} />
          <RouteMark from={migration.source} to={migration.target} />
          {migration.overdue ? <Badge tone="alarm">Deadline missed</Badge> : null}
        </div>
        <div className="mb-3">
          <Progress share={share} label={`${formatShare(share)} done`} />
        </div>
        {migration.error === null ? null : (
          <div className="mb-3">
            <ErrorState words={failureWords(migration)} />
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          <MigrationActions migration={migration} />
          {isEnded(migration.state) ? (
            <UndoButton migration={migration} />
          ) : (
            <UrgencyButton
              noun="migration"
              id={migration.id}
              priority={migration.priority}
              dueBy={migration.dueBy}
            />
          )}
        </div>
      </Section>
      <Section title="What it does">
        <Facts
          facts={{
            Object: <PathLink to={paths.object(migration.bucket, migration.key)}>Open the object</PathLink>,
            Size: formatBytes(migration.size),
            Copied: formatBytes(migration.bytesCopied),
            Saves:
              migration.monthlySavingUsd === null
                ? null
                : `${formatUsdExact(migration.monthlySavingUsd)} per month`,
            'Costs once': migration.oneTimeUsd === null ? null : formatUsdExact(migration.oneTimeUsd),
            Attempt: migration.attempt === 0 ? null : `${migration.attempt} of ${migration.attemptsMax}`,
            'Verified by': verification(migration),
            'SHA-256':
              migration.sha256 === null ? null : (
                <code className="font-mono text-xs break-all">{migration.sha256}</code>
              ),
            'Grace ends':
              migration.graceUntil === null || isEnded(migration.state) ? null : (
                <Moment at={migration.graceUntil} clock="model" />
              ),
            Waits: waits(migration),
            'Restored from an archive':
              migration.restore === null ? null : <Restore restore={migration.restore} />,
            'Resting since': migration.outage === null ? null : <Outage outage={migration.outage} />,
            Priority: String(migration.priority),
            'Due by': migration.dueBy === null ? null : <Moment at={migration.dueBy} />,
            'Next attempt': migration.nextAttemptAt === null ? null : <Moment at={migration.nextAttemptAt} />,
            Worker: migration.worker,
            Took: took(migration),
            'Asked by': migration.principal,
            Plan:
              migration.planId === null ? null : (
                <PathLink to={paths.plan(migration.planId)}>Open the plan</PathLink>
              ),
          }}
        />
      </Section>
      <Section title="Timeline">
        <MigrationTimeline steps={migration.timeline} />
      </Section>
    </>
  )
}

const HOLDS: Readonly<Record<MigrationDetail['heldBy'][number], string>> = {
  stop: 'every migration is stopped',
  'source-store': 'the store it comes from is paused or refuses us',
  'target-store': 'the store it goes to is paused or refuses us',
  'full-target': 'the location it goes to is full',
  plan: 'its plan is paused',
}

/** What it waits for that a person paused, or that is full; null when for nothing. */
function waits({ heldBy, paused }: MigrationDetail): string | null {
  const holds = [...(paused ? ['it is paused'] : []), ...heldBy.map(hold => HOLDS[hold])]
  return holds.length === 0 ? null : `${holds.join(', and ')}.`
}

function Restore({ restore }: { restore: NonNullable<MigrationDetail['restore']> }): ReactNode {
  return (
    <>
      needed since <Moment at={restore.since} />, asked for {formatCount(restore.requests)} times
    </>
  )
}

function Outage({ outage }: { outage: NonNullable<MigrationDetail['outage']> }): ReactNode {
  return (
    <>
      <Moment at={outage.since} />, {formatCount(outage.rests)} times: a store does not answer
    </>
  )
}

function failureWords(migration: MigrationDetail) {
  const ended = migration.state === 'quarantined'
  return {
    what: migration.error?.message ?? 'It failed.',
    harm: 'The good copy is untouched; readers get the right bytes.',
    remedy: ended
      ? 'It was tried as often as allowed. Mend the cause, then retry.'
      : 'It is tried again by itself with growing pauses.',
  }
}

function verification({ verifiedBy }: MigrationDetail): string | null {
  if (verifiedBy === null) return null
  return verifiedBy === 'read-back' ? 'reading the new copy back' : 'the checksum the target reports'
}

function took({ startedAt, finishedAt }: MigrationDetail): string | null {
  const from = instantOf(startedAt)
  const to = instantOf(finishedAt)
  return from === null || to === null ? null : formatDuration(to - from)
}
