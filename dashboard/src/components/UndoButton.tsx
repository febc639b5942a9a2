import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { undoMigration } from '../api/actions.ts'
import { errorWords } from '../api/error-words.ts'
import type { Migration, Undo } from '../api/types.ts'
import { formatBytes, formatUsdExact } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { ErrorState } from '../ui/ErrorState.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { Facts } from './Facts.tsx'
import { undoRefusal } from './migration-can.ts'
import { useGo } from './PathLink.tsx'
import { useSession } from './session.tsx'
import { useAct } from './use-act.ts'

/** Undoes a migration whose grace is over by the reverse one; says its price before anything starts. */
export function UndoButton({ migration }: { migration: Migration }): ReactNode {
  const [asking, setAsking] = useState(false)
  const { role } = useSession()
  const go = useGo()
  const proposal = useMutation({ mutationFn: () => undoMigration(migration.id, false) })
  const { act, busy } = useAct({
    act: () => undoMigration(migration.id, true),
    done: undo => ({ title: 'The reverse migration is planned.', description: undo.key }),
    stale: ['migration', 'migrations', 'object', 'overview'],
    onDone: undo => {
      setAsking(false)
      if (undo.migrationId !== null) go(paths.migration(undo.migrationId))
    },
  })
  function ask(): void {
    setAsking(true)
    proposal.mutate()
  }
  return (
    <>
      <Button size="small" disabledReason={undoRefusal(migration, role)} onClick={ask}>
        Undo
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title="Undo this migration?">
        {proposal.data !== undefined ? (
          <Facts facts={undoFacts(proposal.data, migration)} />
        ) : proposal.error !== null ? (
          <ErrorState
            words={{ ...errorWords(proposal.error), remedy: 'Look at the object to see where it lies now.' }}
          />
        ) : (
          <Skeleton width="100%" height={90} />
        )}
        <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
          <Button onClick={() => setAsking(false)}>Leave as it is</Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={proposal.data === undefined ? 'There is no price yet.' : null}
            onClick={() => act(undefined)}
          >
            Undo it
          </Button>
        </div>
      </Dialog>
    </>
  )
}

const DOES: Readonly<Record<Undo['kind'], (undo: Undo, undone: Migration['kind']) => string>> = {
  move: ({ target }) => `Moves the object back to ${target.name}`,
  'add-copy': ({ target }) => `Makes the copy in ${target.name} again`,
  'drop-copy': ({ target }, undone) =>
    undone === 'move'
      ? `Gives readers the copy that was kept in ${target.name}, once it is read and proven; drops the other`
      : 'Drops the copy that was added',
  reclassify: ({ target }) => `Gives it the storage class of ${target.name} again, where it lies`,
  repair: () => 'Rebuilds the copy',
}

/** What the reverse migration does, costs and saves, and how it is undone in its turn. */
function undoFacts(undo: Undo, { bucket, key, kind, size }: Migration): Readonly<Record<string, ReactNode>> {
  const { monthlySavingUsd: saving, oneTimeUsd } = undo
  return {
    Object: `${bucket}/${key}`,
    Bytes: formatBytes(size),
    Does: DOES[undo.kind](undo, kind),
    'Costs once': formatUsdExact(oneTimeUsd),
    'Per month':
      saving === 0
        ? 'nothing changes'
        : saving > 0
          ? `saves ${formatUsdExact(saving)}`
          : `costs ${formatUsdExact(-saving)} more`,
    Readers: 'notice nothing: the copy is verified before they get it',
    Undo: 'Roll it back in its grace. The planner may decide the same move again; pin the object to keep it.',
  }
}
