import type { ImportResource } from '../../api/schemas/import.ts'
import type { View } from '../output.ts'
import { bytesText, countText, timeText } from '../units.ts'

export const importView: View<ImportResource> = {
  name: job => job.id,
  columns: [
    { header: 'ID', value: job => job.id },
    { header: 'STATE', value: job => job.state },
    { header: 'BUCKET', value: job => job.bucket.name },
    { header: 'LOCATION', value: job => job.location.name },
    { header: 'OBJECTS', value: job => countText(job.objects), align: 'right' },
    { header: 'BYTES', value: job => bytesText(job.bytes), align: 'right' },
    { header: 'KNOWN', value: job => countText(job.known), align: 'right' },
    { header: 'CHANGED', value: job => countText(job.changed), align: 'right' },
    { header: 'REMOVED', value: job => countText(job.removed), align: 'right' },
    { header: 'CONFLICTING', value: job => countText(job.conflicting), align: 'right', wide: true },
    { header: 'MISSING', value: job => countText(job.missing), align: 'right', wide: true },
    { header: 'SKIPPED', value: job => countText(job.skipped), align: 'right' },
    { header: 'PREFIX', value: job => job.prefix || '-', wide: true },
    { header: 'LAST KEY', value: job => job.lastKey ?? '-', wide: true },
    { header: 'STARTED', value: job => timeText(job.startedAt), wide: true },
    { header: 'ERROR', value: job => job.error ?? '-', wide: true },
  ],
}
