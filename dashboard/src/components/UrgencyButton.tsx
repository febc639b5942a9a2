import { type ReactNode, useState } from 'react'
import { setUrgency } from '../api/actions.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { useViewerReason } from './session.tsx'
import { useAct } from './use-act.ts'

const PRIORITY_MAX = 100

interface UrgencyButtonProps {
  readonly noun: 'migration' | 'plan'
  readonly id: string
  readonly priority: number | null
  readonly dueBy: string | null
}

/** Changes how urgent a migration or a plan is: its priority and its deadline. */
export function UrgencyButton(props: UrgencyButtonProps): ReactNode {
  const [open, setOpen] = useState(false)
  const viewerReason = useViewerReason()
  return (
    <>
      <Button size="small" disabledReason={viewerReason} onClick={() => setOpen(true)}>
        Urgency
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="How urgent is it?">
        {open ? <UrgencyForm {...props} onClose={() => setOpen(false)} /> : null}
      </Dialog>
    </>
  )
}

function UrgencyForm({
  noun,
  id,
  onClose,
  ...before
}: UrgencyButtonProps & { onClose: () => void }): ReactNode {
  const [priority, setPriority] = useState(before.priority === null ? '' : String(before.priority))
  const dueBefore = before.dueBy === null ? '' : before.dueBy.slice(0, 16)
  const [dueBy, setDueBy] = useState(dueBefore)
  const { act, busy } = useAct({
    act: () =>
      setUrgency(noun, id, {
        ...(priority === '' ? {} : { priority: Number(priority) }),
        // One that was missed may stay, but not be set: whoever raises the priority does not send it.
        ...(dueBy === dueBefore ? {} : { dueBy: dueBy === '' ? null : new Date(`${dueBy}Z`).toISOString() }),
      }),
    done: () => ({ title: 'Changed.' }),
    stale: ['plan', 'plans', 'plan-status', 'migration', 'migrations', 'overview'],
    onDone: onClose,
  })
  const isNumber = priority === '' || (/^\d{1,3}$/.test(priority) && Number(priority) <= PRIORITY_MAX)
  const wrong = !isNumber
    ? `The priority is a whole number from 0 to ${PRIORITY_MAX}.`
    : priority === '' && dueBy === dueBefore
      ? 'Nothing is changed yet.'
      : null
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={event => {
        event.preventDefault()
        if (wrong === null && !busy) act(undefined)
      }}
    >
      <p className="text-ink-soft">
        Higher priorities go first; within one, earlier deadlines. What is running is not interrupted.
      </p>
      <div className="flex flex-wrap gap-3">
        <Field
          label="Priority, 0 to 100"
          labelShown
          inputMode="numeric"
          value={priority}
          onValue={setPriority}
          placeholder="as the policy says"
        />
        <Field label="Due by (UTC)" labelShown type="datetime-local" value={dueBy} onValue={setDueBy} />
      </div>
      <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
        <Button onClick={onClose}>Leave as it is</Button>
        <Button type="submit" variant="primary" busy={busy} disabledReason={wrong}>
          Change
        </Button>
      </div>
    </form>
  )
}
