import type { ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Facts } from './Facts.tsx'

interface ConfirmDialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  /** What it touches, what it costs, how it is undone. */
  readonly facts: Readonly<Record<string, ReactNode>>
  readonly verb: string
  /** For what does not come back. */
  readonly alarming?: boolean
  readonly busy: boolean
  readonly onConfirm: () => void
}

/** Asks once before something that costs or destroys: objects, bytes, dollars, and how to undo it. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={props.title}>
      <Facts facts={props.facts} />
      <div className="flex flex-wrap justify-end gap-2 border-t border-line pt-4">
        <Button onClick={() => props.onOpenChange(false)}>Leave as it is</Button>
        <Button
          variant={props.alarming === true ? 'alarm' : 'primary'}
          busy={props.busy}
          onClick={props.onConfirm}
        >
          {props.verb}
        </Button>
      </div>
    </Dialog>
  )
}
