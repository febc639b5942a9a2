import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { startBurst } from '../api/actions.ts'
import { simulationQuery } from '../api/queries.ts'
import { formatBytes, formatCount, formatShare } from '../format/quantity.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Field } from '../ui/Field.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Facts } from './Facts.tsx'
import { useViewerReason } from './session.tsx'
import { useAct } from './use-act.ts'

/** The most the API takes in one burst. */
const READS_MAX = 1_000_000
const SECONDS_MAX = 3_600

interface BurstDialogProps {
  readonly bucket: string
  readonly objectKey: string
  readonly size: number
}

/** The button that reads one object many times, for real, and what came of it. */
export function BurstButton({ bucket, objectKey, size }: BurstDialogProps): ReactNode {
  const [open, setOpen] = useState(false)
  const [reads, setReads] = useState('200')
  const [seconds, setSeconds] = useState('10')
  const [simulationId, setSimulationId] = useState<string | null>(null)
  const viewerReason = useViewerReason()
  const wrong = wrongNumber('Reads', reads, 1, READS_MAX) ?? wrongNumber('Seconds', seconds, 0, SECONDS_MAX)
  const { act, busy } = useAct({
    act: () => startBurst({ bucket, keys: [objectKey], reads: Number(reads), seconds: Number(seconds) }),
    done: () => ({
      title: 'Burst started',
      description: 'Watch the heat rise, then the planner bring the object back.',
    }),
    stale: ['object'],
    onDone: simulation => setSimulationId(simulation.id),
  })
  return (
    <>
      <Button
        size="small"
        icon="burst"
        disabledReason={viewerReason}
        onClick={() => {
          setSimulationId(null)
          setOpen(true)
        }}
      >
        Burst
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Read this object many times">
        {simulationId === null ? (
          <>
            <p className="text-ink-soft">
              Real reads through the gateway. They count as accesses, so the object gets hotter and may be
              moved.
            </p>
            <div className="flex flex-wrap gap-3">
              <Field label="Reads" labelShown inputMode="numeric" value={reads} onValue={setReads} />
              <Field
                label="Over seconds"
                labelShown
                inputMode="decimal"
                value={seconds}
                onValue={setSeconds}
              />
            </div>
            <Facts
              facts={{
                Object: <code className="font-mono text-xs">{`${bucket}/${objectKey}`}</code>,
                'Bytes read': wrong === null ? formatBytes(size * Number(reads)) : '–',
                Undo: 'Reads cannot be undone; heat decays by itself.',
              }}
            />
            <div className="flex justify-end gap-2 border-t border-line pt-4">
              <Button onClick={() => setOpen(false)}>Leave as it is</Button>
              <Button variant="primary" busy={busy} disabledReason={wrong} onClick={() => act(undefined)}>
                Start the burst
              </Button>
            </div>
          </>
        ) : (
          <BurstProgress id={simulationId} onClose={() => setOpen(false)} />
        )}
      </Dialog>
    </>
  )
}

function BurstProgress({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { data } = useQuery(simulationQuery(id))
  const share = data === undefined || data.reads === 0 ? 0 : (data.readsDone + data.errors) / data.reads
  return (
    <>
      <Progress share={share} label={`${formatShare(share)} of the reads done`} />
      <Facts
        facts={{
          State: data === undefined ? 'queued' : data.state,
          Reads: data === undefined ? '–' : `${formatCount(data.readsDone)} of ${formatCount(data.reads)}`,
          Bytes: data === undefined ? '–' : formatBytes(data.bytesDone),
          Errors: data === undefined ? '–' : formatCount(data.errors),
          Why: data?.error ?? null,
        }}
      />
      <div className="flex justify-end border-t border-line pt-4">
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      </div>
    </>
  )
}

function wrongNumber(name: string, text: string, low: number, high: number): string | null {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= low && value <= high) return null
  return `${name} must be a number from ${low} to ${formatCount(high)}.`
}
