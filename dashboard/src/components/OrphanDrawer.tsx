import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { decideOrphan, ORPHAN_ACTIONS, type OrphanAction } from '../api/actions.ts'
import { orphanQuery } from '../api/queries.ts'
import type { Orphan } from '../api/types.ts'
import { formatBytes, formatUsdExact } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { Button } from '../ui/Button.tsx'
import { Drawer } from '../ui/Drawer.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { ConfirmDialog } from './ConfirmDialog.tsx'
import { Facts, Section } from './Facts.tsx'
import { Moment } from './Moment.tsx'
import { orphanRefusal } from './orphan-can.ts'
import { PathLink } from './PathLink.tsx'
import { QueryError } from './QueryError.tsx'
import { useSession } from './session.tsx'
import { ORPHAN_KINDS, ORPHAN_STATES } from './upkeep-words.ts'
import { useAct } from './use-act.ts'

/** One orphan: where it lies, why it is one, what it costs, and the three things to be decided. */
export function OrphanDrawer({ id, onClose }: { id: string | null; onClose: () => void }): ReactNode {
  const { data, error, refetch } = useQuery({ ...orphanQuery(id ?? ''), enabled: id !== null })
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={
        data === undefined ? (
          'Orphan'
        ) : (
          <span className="font-mono text-sm break-all">
            <span className="text-ink-faint">{data.container}/</span>
            {data.nativeKey}
          </span>
        )
      }
    >
      {data !== undefined ? (
        <Body orphan={data} />
      ) : error !== null ? (
        <QueryError error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton width="100%" height={200} />
      )}
    </Drawer>
  )
}

function Body({ orphan }: { orphan: Orphan }): ReactNode {
  const [word, tone] = ORPHAN_STATES[orphan.state]
  return (
    <>
      <Section title="What it is">
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <Badge tone={tone}>{word}</Badge>
          <span>
            <span className="font-medium">{ORPHAN_KINDS[orphan.kind].name}</span>
            <span className="text-ink-soft">: {ORPHAN_KINDS[orphan.kind].meaning}</span>
          </span>
        </div>
        <p className="mb-3 break-words">{orphan.reason}</p>
        <Decisions orphan={orphan} />
      </Section>
      <Section title="What is known">
        <Facts
          facts={{
            Bytes: formatBytes(orphan.bytes),
            Costs:
              orphan.monthlyUsd === null
                ? 'no price is known'
                : `${formatUsdExact(orphan.monthlyUsd)} per month`,
            Store: orphan.store.name,
            Location: orphan.location?.name ?? 'none of ours',
            Bucket: orphan.bucket?.name ?? null,
            Migration:
              orphan.migrationId === null ? null : (
                <PathLink to={paths.migration(orphan.migrationId)}>The one that brought it</PathLink>
              ),
            'First seen': <Moment at={orphan.firstSeenAt} />,
            'Last seen': <Moment at={orphan.lastSeenAt} />,
            Decided:
              orphan.decidedAt === null ? null : (
                <>
                  <Moment at={orphan.decidedAt} />
                  {orphan.decidedBy === null ? '' : ` by ${orphan.decidedBy}`}
                </>
              ),
            'Came of it': orphan.outcome,
          }}
        />
      </Section>
    </>
  )
}

const WORDS: Readonly<Record<OrphanAction, { verb: string; title: string; effect: string; undo: string }>> = {
  keep: {
    verb: 'Keep',
    title: 'Keep these bytes?',
    effect: 'They stay where they are; no comparison deletes them by itself.',
    undo: 'Decide again at any time.',
  },
  adopt: {
    verb: 'Adopt',
    title: 'Bring these bytes back into the catalog?',
    effect: 'Dark ones are imported; forgotten ones become a copy once every byte was read and proven.',
    undo: 'An imported object can be deleted by its client; a copy that proves wrong stays an orphan.',
  },
  delete: {
    verb: 'Delete',
    title: 'Delete these bytes for good?',
    effect: 'Under the object’s lock, after the store was asked once more whether they are still the same.',
    undo: 'None: deleted bytes do not come back. Bytes that turn out to be needed or changed are left alone.',
  },
}

/** What a person can decide; what is not possible says why. */
function Decisions({ orphan }: { orphan: Orphan }): ReactNode {
  const { role } = useSession()
  const [asking, setAsking] = useState<OrphanAction | null>(null)
  // The question keeps its words while it closes.
  const asked = useRef<OrphanAction>('keep')
  if (asking !== null) asked.current = asking
  const { effect, title, undo, verb } = WORDS[asked.current]
  const { act, busy } = useAct({
    act: (action: OrphanAction) => decideOrphan(orphan.id, action),
    done: ({ state }) => ({ title: `${ORPHAN_STATES[state][0]}.`, description: orphan.nativeKey }),
    stale: ['orphans'],
    onDone: () => setAsking(null),
  })
  return (
    <div className="flex flex-wrap gap-2">
      {ORPHAN_ACTIONS.map(action => (
        <Button
          key={action}
          size="small"
          busy={busy}
          variant={action === 'delete' ? 'alarm' : 'plain'}
          disabledReason={orphanRefusal(action, orphan, role)}
          onClick={() => setAsking(action)}
        >
          {WORDS[action].verb}
        </Button>
      ))}
      <ConfirmDialog
        open={asking !== null}
        onOpenChange={open => open || setAsking(null)}
        title={title}
        facts={{
          Where: `${orphan.container}/${orphan.nativeKey}`,
          Bytes: formatBytes(orphan.bytes),
          'Per month': orphan.monthlyUsd === null ? 'no price is known' : formatUsdExact(orphan.monthlyUsd),
          Effect: effect,
          Undo: undo,
        }}
        verb={verb}
        alarming={asked.current === 'delete'}
        busy={busy}
        onConfirm={() => asking !== null && act(asking)}
      />
    </div>
  )
}
