import type { MigrationDetail, MigrationResource } from '../../api/schemas/migration.ts'
import type { Column, View } from '../output.ts'
import { bytesText, durationText, timeText } from '../units.ts'

export const migrationView: View<MigrationResource> = {
  name: migration => migration.id,
  columns: [
    { header: 'ID', value: migration => migration.id },
    { header: 'STATE', value: stateText },
    { header: 'OBJECT', value: migration => `${migration.bucket}/${migration.key}` },
    { header: 'FROM', value: migration => migration.source.name },
    { header: 'TO', value: migration => migration.target.name },
    { header: 'SIZE', value: migration => bytesText(migration.size), align: 'right' },
    { header: 'COPIED', value: copiedText, align: 'right' },
    { header: 'TRY', value: migration => `${migration.attempt}/${migration.attemptsMax}`, align: 'right' },
    { header: 'PRIORITY', value: migration => `${migration.priority}`, align: 'right', wide: true },
    { header: 'DUE BY', value: dueText, wide: true },
    { header: 'NEXT TRY', value: migration => timeText(migration.nextAttemptAt), wide: true },
    { header: 'DIRECTION', value: migration => migration.direction, wide: true },
    { header: 'WORKER', value: migration => migration.worker ?? '-', wide: true },
    {
      header: 'RESTORE SINCE',
      value: ({ restore }) => timeText(restore?.since ?? null),
      wide: true,
    },
    { header: 'CREATED', value: migration => timeText(migration.createdAt), wide: true },
    { header: 'ERROR', value: migration => migration.error?.message ?? '-', wide: true },
  ],
}

/** Migrations that rest for people, each with what it rests for. */
export const restingMigrationView: View<MigrationResource> = {
  name: migrationView.name,
  columns: [
    ...migrationView.columns.slice(0, 3),
    { header: 'RESTS BECAUSE', value: migration => holdsText(migration) || '-' },
    ...migrationView.columns.slice(3).map(column => ({ ...column, wide: true })),
  ],
}

export const migrationStepColumns: readonly Column<MigrationDetail['timeline'][number]>[] = [
  { header: 'AT', value: step => timeText(step.at) },
  {
    header: 'AFTER',
    value: step => (step.secondsBefore === null ? '' : durationText(step.secondsBefore)),
    align: 'right',
  },
  { header: 'EVENT', value: step => step.event },
  {
    header: 'STATE',
    value: step => (step.stateFrom === step.stateTo ? step.stateTo : `${step.stateFrom} -> ${step.stateTo}`),
  },
  { header: 'WORKER', value: step => step.worker },
  { header: 'TRY', value: step => (step.attempt === null ? '' : `${step.attempt}`), align: 'right' },
  { header: 'DETAIL', value: stepDetailText },
]

/** What a migration rests for that people paused, that refuses our credentials or is full, and how it is ended. */
export function holdsText({ heldBy, id, paused, planId }: MigrationResource): string {
  const holds = heldBy.map(hold => {
    switch (hold) {
      case 'stop':
        return 'everything is stopped (dim migration resume --all)'
      case 'source-store':
        return 'the store it reads is paused or refuses our credentials (dim store resume)'
      case 'target-store':
        return 'the store it writes is paused or refuses our credentials (dim store resume)'
      case 'full-target':
        return 'the location it goes to is full (dim location clear-full, once it has room)'
      case 'plan':
        return `its plan is paused (dim plan resume ${planId})`
      default:
        throw new Error(`unknown hold ${hold satisfies never}`)
    }
  })
  return [...(paused ? [`it is paused itself (dim migration resume ${id})`] : []), ...holds].join('; ')
}

function stateText(migration: MigrationResource): string {
  const isUnfinished = migration.finishedAt === null
  const remarks = [
    // Past the switch a request to cancel came too late.
    migration.cancelRequested && isUnfinished && migration.graceUntil === null ? 'cancelling' : '',
    migration.paused && isUnfinished ? 'paused' : '',
    migration.heldBy.includes('stop') ? 'stopped' : '',
    migration.heldBy.some(hold => hold !== 'stop') ? 'held' : '',
    migration.overdue ? 'OVERDUE' : '',
  ].filter(Boolean)
  return remarks.length === 0 ? migration.state : `${migration.state} (${remarks.join(', ')})`
}

/** The error and the next try, the digest, and what else the step says. */
function stepDetailText(step: MigrationDetail['timeline'][number]): string {
  const { kind, message, restMs, attempt, sha256, ...others } = step.detail
  return [
    step.error === null ? '' : `${step.error.kind}: ${step.error.message}`,
    step.restsUntil === null ? '' : `next try ${timeText(step.restsUntil)}`,
    step.sha256 === null ? '' : `sha256 ${step.sha256}`,
    ...Object.entries(others).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ]
    .filter(Boolean)
    .join(', ')
}

function dueText(migration: MigrationResource): string {
  return `${timeText(migration.dueBy)}${migration.overdue ? ' (missed)' : ''}`
}

function copiedText(migration: MigrationResource): string {
  if (migration.size === 0) return '-'
  return `${Math.floor((100 * migration.bytesCopied) / migration.size)}%`
}
