import type { MigrationDetail, MigrationResource } from '../../api/schemas/migration.ts'
import type { Column, View } from '../output.ts'
import { bytesText, timeText } from '../units.ts'

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
    { header: 'CREATED', value: migration => timeText(migration.createdAt), wide: true },
    { header: 'ERROR', value: migration => migration.error?.message ?? '-', wide: true },
  ],
}

export const migrationStepColumns: readonly Column<MigrationDetail['timeline'][number]>[] = [
  { header: 'AT', value: step => timeText(step.at) },
  { header: 'EVENT', value: step => step.event },
  {
    header: 'STATE',
    value: step => (step.stateFrom === step.stateTo ? step.stateTo : `${step.stateFrom} -> ${step.stateTo}`),
  },
  { header: 'WORKER', value: step => step.worker },
  {
    header: 'DETAIL',
    value: step => (Object.keys(step.detail).length === 0 ? '' : JSON.stringify(step.detail)),
  },
]

function stateText(migration: MigrationResource): string {
  const remarks = [
    migration.cancelRequested ? 'cancelling' : '',
    migration.paused ? 'paused' : '',
    migration.heldBy.includes('stop') ? 'stopped' : '',
    migration.heldBy.some(hold => hold !== 'stop') ? 'held' : '',
    migration.overdue ? 'OVERDUE' : '',
  ].filter(Boolean)
  return remarks.length === 0 ? migration.state : `${migration.state} (${remarks.join(', ')})`
}

function dueText(migration: MigrationResource): string {
  return `${timeText(migration.dueBy)}${migration.overdue ? ' (missed)' : ''}`
}

function copiedText(migration: MigrationResource): string {
  if (migration.size === 0) return '-'
  return `${Math.floor((100 * migration.bytesCopied) / migration.size)}%`
}
