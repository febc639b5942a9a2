import { type ReactNode, useState } from 'react'
import { pause, resume } from '../api/actions.ts'
import { Button } from '../ui/Button.tsx'
import { ReasonDialog } from './ReasonDialog.tsx'
import { useViewerReason } from './session.tsx'
import { useAct } from './use-act.ts'

interface PauseButtonProps {
  readonly noun: 'store' | 'plan'
  readonly id: string
  /** As people call it, for the question and the answer. */
  readonly name: string
  readonly isPaused: boolean
}

const WORDS = {
  store: {
    stale: ['stores', 'overview', 'migrations', 'migration', 'plan-status'],
    touches: 'Nothing is read or written there by migrations; running ones rest within seconds.',
    readers: 'notice nothing: clients are served as before',
  },
  plan: {
    stale: ['plan', 'plans', 'plan-status', 'overview', 'migrations', 'migration'],
    touches: 'None of its migrations is taken up; running ones rest within seconds.',
    readers: 'notice nothing: every object is read where it is',
  },
} as const

/** Pauses a store or a plan after one question, or lets it go on at once. */
export function PauseButton({ noun, id, name, isPaused }: PauseButtonProps): ReactNode {
  const [asking, setAsking] = useState(false)
  const viewerReason = useViewerReason()
  const { touches, readers, stale } = WORDS[noun]
  const pausing = useAct({
    act: (reason: string) => pause(noun, id, reason),
    done: () => ({ title: `${name} is paused.` }),
    stale,
    onDone: () => setAsking(false),
  })
  const resuming = useAct({
    act: () => resume(noun, id),
    done: () => ({ title: `${name} goes on.` }),
    stale,
  })
  if (isPaused)
    return (
      <Button
        size="small"
        icon="play"
        busy={resuming.busy}
        disabledReason={viewerReason}
        onClick={() => resuming.act(undefined)}
      >
        Resume
      </Button>
    )
  return (
    <>
      <Button size="small" icon="pause" disabledReason={viewerReason} onClick={() => setAsking(true)}>
        Pause
      </Button>
      <ReasonDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Pause ${noun === 'store' ? name : 'this plan'}?`}
        facts={{
          Migrations: touches,
          Readers: readers,
          Undo: 'Resume; each migration goes on where it was.',
        }}
        reasonIsOptional
        verb="Pause"
        busy={pausing.busy}
        onConfirm={pausing.act}
      />
    </>
  )
}
