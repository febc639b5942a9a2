import { type ReactNode, useState } from 'react'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { Facts } from './Facts.tsx'

const REASON_LENGTH_MAX = 500

interface ReasonDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  /** What it touches, what it leaves alone, how it is undone. */
  readonly facts: Readonly<Record<string, ReactNode>>
  /** Whether it can be done without a reason. */
  readonly reasonIsOptional?: boolean
  readonly verb: string
  readonly alarming?: boolean
  readonly busy: boolean
  readonly onConfirm: (reason: string) => void
}

/** Asks once, with the reason: whoever meets the pause later wants to know whether to end it. */
export function ReasonDialog(props: ReasonDialogProps): ReactNode {
  const [reason, setReason] = useState('')
  const given = reason.trim()
  const missing = given === '' && props.reasonIsOptional !== true ? 'Say why first.' : null
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={props.title}>
      <Facts facts={props.facts} />
      <form
        className="flex flex-col gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (missing === null && !props.busy) props.onConfirm(given)
        }}
      >
        <Field
          label={props.reasonIsOptional === true ? 'Why (optional)' : 'Why'}
          labelShown
          value={reason}
          onValue={setReason}
          maxLength={REASON_LENGTH_MAX}
          autoComplete="off"
        />
        <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
          <Button onClick={() => props.onOpenChange(false)}>Leave as it is</Button>
          <Button
            type="submit"
            variant={props.alarming === true ? 'alarm' : 'primary'}
            busy={props.busy}
            disabledReason={missing}
          >
            {props.verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
