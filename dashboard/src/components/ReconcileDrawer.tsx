import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { resumeReconcile } from '../api/actions.ts'
import { reconcileFindingsQuery, reconcileRunQuery } from '../api/queries.ts'
import type { ReconcileFinding, ReconcileRun } from '../api/types.ts'
import { formatBytes, formatCount } from '../format/quantity.ts'
import { formatDuration, instantOf } from '../format/time.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { Drawer } from '../ui/Drawer.tsx'
import { ErrorState } from '../ui/ErrorState.tsx'
import { Choice } from '../ui/Field.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { Facts, Section } from './Facts.tsx'
import { Moment } from './Moment.tsx'
import { QueryError } from './QueryError.tsx'
import { useViewerReason } from './session.tsx'
import { FINDING_VERDICTS, FINDING_WORDS, RUN_PHASES, RUN_STATES } from './upkeep-words.ts'
import { useAct } from './use-act.ts'
import { useInfinite } from './use-infinite.ts'

/** While it works its counts grow. */
const REFRESH_EVERY_MS = 2_000

/** One comparison: how far it is, what it counted, and each thing it found. */
export function ReconcileDrawer({ id, onClose }: { id: string | null; onClose: () => void }): ReactNode {
  const { data, error, refetch } = useQuery({
    ...reconcileRunQuery(id ?? ''),
    enabled: id !== null,
    refetchInterval: query => (query.state.data?.state === 'running' ? REFRESH_EVERY_MS : false),
  })
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={data === undefined ? 'Comparison' : `${data.location.name} compared with the catalog`}
    >
      {data !== undefined ? (
        <>
          <State run={data} />
          <Counts run={data} />
          <Findings run={data} />
        </>
      ) : error !== null ? (
        <QueryError error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton width="100%" height={200} />
      )}
    </Drawer>
  )
}

function State({ run }: { run: ReconcileRun }): ReactNode {
  const viewerReason = useViewerReason()
  const { act, busy } = useAct({
    act: () => resumeReconcile(run.id),
    done: () => ({ title: 'The comparison goes on where it stopped.' }),
    stale: ['reconcile-runs'],
  })
  const [word, tone] = RUN_STATES[run.state]
  const stopped = run.state === 'interrupted' || run.state === 'failed'
  const [from, to] = [instantOf(run.startedAt), instantOf(run.finishedAt)]
  return (
    <Section title="Now">
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <Badge tone={tone}>{word}</Badge>
        {run.state === 'running' ? <span className="text-ink-soft">{RUN_PHASES[run.phase]}</span> : null}
        {stopped ? (
          <Button
            size="small"
            icon="play"
            busy={busy}
            disabledReason={viewerReason}
            onClick={() => act(undefined)}
          >
            Go on
          </Button>
        ) : null}
      </div>
      {run.error === null ? null : (
        <div className="mb-3">
          <ErrorState
            words={{
              what: run.error,
              harm: 'What it found until then is entered; nothing was deleted without proof.',
              remedy: 'Mend the cause, then let it go on.',
            }}
          />
        </div>
      )}
      <Facts
        facts={{
          Container: `${run.container}${run.prefix === '' ? '' : `, keys from ${run.prefix}`}`,
          Inventory:
            run.inventory === null
              ? 'our own listing'
              : `the vendor’s, ${run.inventory.container}/${run.inventory.key}`,
          Taken: run.takenAt === null ? null : <Moment at={run.takenAt} />,
          'Deletes orphans': run.deletes
            ? `that two scans ${run.apartHours} h apart confirm, within caps`
            : 'no, people decide',
          Started: <Moment at={run.startedAt} />,
          Took: from === null || to === null ? null : formatDuration(to - from),
          'Asked by': run.principal,
        }}
      />
    </Section>
  )
}

function Counts({ run: { counts } }: { run: ReconcileRun }): ReactNode {
  const some = (count: number, bytes: number | null = null) =>
    count === 0 ? null : `${formatCount(count)}${bytes === null ? '' : `, ${formatBytes(bytes)}`}`
  const alarm = (text: string | null) =>
    text === null ? null : <strong className="font-semibold text-alarm">{text}</strong>
  return (
    <Section title="What lies there">
      <Facts
        facts={{
          Listed: `${formatCount(counts.listed)}, ${formatBytes(counts.listedBytes)}`,
          'As the catalog says': formatCount(counts.known),
          'Not finished': some(counts.underWay),
          Missing: alarm(some(counts.missing, counts.missingBytes)),
          Changed: alarm(some(counts.changed)),
          Dark: some(counts.dark, counts.darkBytes),
          Forgotten: some(counts.forgotten, counts.forgottenBytes),
          'Orphaned parts':
            counts.parts === 0
              ? null
              : `${formatCount(counts.parts)} uploads, ${formatCount(counts.partsAborted)} of them ours and aborted`,
          Followed: some(counts.followed),
          'Left to the next': some(counts.unsettled),
          Leftovers: some(counts.leftovers),
          'Orphans confirmed': some(counts.confirmed),
          Deleted: some(counts.deleted, counts.deletedBytes),
          'Not deleted':
            counts.withheld === 0 ? null : `${formatCount(counts.withheld)}, because of a cap or a check`,
        }}
      />
    </Section>
  )
}

function Findings({ run }: { run: ReconcileRun }): ReactNode {
  const [verdict, setVerdict] = useState('')
  const findings = useInfinite(reconcileFindingsQuery(run.id, verdict))
  return (
    <Section title="What differs">
      <Choice
        label="Which findings"
        value={verdict}
        onValue={setVerdict}
        options={[
          ['', 'All findings'],
          ...FINDING_VERDICTS.map(each => [each, FINDING_WORDS[each].name] as const),
        ]}
      />
      {findings.rows === undefined ? (
        findings.error === null ? (
          <Skeleton width="90%" height={60} />
        ) : (
          <QueryError error={findings.error} onRetry={findings.retry} />
        )
      ) : findings.rows.length === 0 ? (
        <p className="mt-3 text-ink-soft">
          {verdict === '' ? 'Nothing: everything is as the catalog says.' : 'None of these.'}
        </p>
      ) : (
        <ul className="mt-2 flex flex-col">
          {findings.rows.map(finding => (
            <Finding key={`${finding.verdict} ${finding.nativeKey}`} finding={finding} />
          ))}
        </ul>
      )}
      {findings.hasMore ? (
        <div className="mt-3">
          <Button size="small" busy={findings.loadingMore} onClick={findings.onNearEnd}>
            Show more
          </Button>
        </div>
      ) : null}
    </Section>
  )
}

function Finding({ finding }: { finding: ReconcileFinding }): ReactNode {
  const { alarming, name } = FINDING_WORDS[finding.verdict]
  return (
    <li className="flex flex-col gap-1 border-b border-line py-2 last:border-b-0">
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={alarming ? 'alarm' : 'neutral'}>{name}</Badge>
        <code className="min-w-0 font-mono text-xs break-all">{finding.nativeKey}</code>
        <span className="ml-auto text-xs text-ink-faint tabular-nums">{formatBytes(finding.bytes)}</span>
      </span>
      <span className="text-xs text-ink-soft">{finding.detail}</span>
    </li>
  )
}
