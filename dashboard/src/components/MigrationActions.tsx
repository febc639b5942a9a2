import { type ReactNode, useRef, useState } from 'react'
import { actOnMigration, type MigrationAction } from '../api/actions.ts'
import type { Migration } from '../api/types.ts'
import { formatBytes } from '../format/quantity.ts'
import { Button } from '../ui/Button.tsx'
import { ConfirmDialog } from './ConfirmDialog.tsx'
import { disabledReason, isEnded } from './migration-can.ts'
import { useSession } from './session.tsx'
import { useAct } from './use-act.ts'

const WORDS: Readonly<Record<MigrationAction, { readonly verb: string; readonly done: string }>> = {
  pause: { verb: 'Pause', done: 'Paused. The copy so far is kept.' },
  resume: { verb: 'Resume', done: 'Resumed.' },
  cancel: { verb: 'Cancel', done: 'Cancelling. The object stays where it is.' },
  retry: { verb: 'Retry', done: 'Waiting to be tried again.' },
  rollback: { verb: 'Roll back', done: 'Rolling back. Readers get the old copy.' },
}

/** What a person can do with one migration; what is not possible now says why. */
export function MigrationActions({ migration }: { migration: Migration }): ReactNode {
  const { role } = useSession()
  const [asking, setAsking] = useState<'cancel' | 'rollback' | null>(null)
  const lastAction = useRef<MigrationAction>('pause')
  const { act, busy } = useAct({
    act: (action: MigrationAction) => {
      lastAction.current = action
      return actOnMigration(migration.id, action)
    },
    done: () => ({
      title: WORDS[lastAction.current].done,
      description: `${migration.bucket}/${migration.key}`,
    }),
    stale: ['migration', 'migrations', 'object', 'overview'],
    onDone: () => setAsking(null),
  })
  const shown: readonly MigrationAction[] = isEnded(migration.state)
    ? ['retry']
    : [migration.paused ? 'resume' : 'pause', 'cancel', 'rollback']
  return (
    <div className="flex flex-wrap gap-2">
      {shown.map(action => (
        <Button
          key={action}
          size="small"
          busy={busy}
          disabledReason={disabledReason(action, migration, role)}
          onClick={() => (action === 'cancel' || action === 'rollback' ? setAsking(action) : act(action))}
        >
          {WORDS[action].verb}
        </Button>
      ))}
      <ConfirmDialog
        open={asking !== null}
        onOpenChange={open => open || setAsking(null)}
        title={asking === 'rollback' ? 'Roll this move back?' : 'Cancel this move?'}
        facts={{
          Object: `${migration.bucket}/${migration.key}`,
          Bytes: formatBytes(migration.size),
          Readers:
            asking === 'rollback' ? `get the copy in ${migration.source.name} again` : 'notice nothing',
          Undo:
            asking === 'rollback'
              ? 'The planner may decide the same move again; pin the object to keep it.'
              : 'Retry the move from its page.',
        }}
        verb={asking === 'rollback' ? 'Roll back' : 'Cancel the move'}
        busy={busy}
        onConfirm={() => asking !== null && act(asking)}
      />
    </div>
  )
}
