import type {
  OrphanResource,
  ReconcileFindingResource,
  ReconcileRunResource,
} from '../../api/schemas/reconcile.ts'
import type { View } from '../output.ts'
import { bytesText, countText, orHyphen, timeText, usdText } from '../units.ts'

export const reconcileView: View<ReconcileRunResource> = {
  name: run => run.id,
  columns: [
    { header: 'ID', value: run => run.id },
    { header: 'STATE', value: run => run.state },
    { header: 'LOCATION', value: run => run.location.name },
    { header: 'LISTED', value: run => countText(run.counts.listed), align: 'right' },
    { header: 'KNOWN', value: run => countText(run.counts.known), align: 'right' },
    { header: 'DARK', value: run => countText(run.counts.dark), align: 'right' },
    { header: 'FORGOTTEN', value: run => countText(run.counts.forgotten), align: 'right' },
    { header: 'MISSING', value: run => countText(run.counts.missing), align: 'right' },
    { header: 'CHANGED', value: run => countText(run.counts.changed), align: 'right' },
    { header: 'FOLLOWED', value: run => countText(run.counts.followed), align: 'right' },
    { header: 'CONFIRMED', value: run => countText(run.counts.confirmed), align: 'right' },
    { header: 'DELETED', value: run => countText(run.counts.deleted), align: 'right' },
    { header: 'WITHHELD', value: run => countText(run.counts.withheld), align: 'right', wide: true },
    { header: 'LEFTOVERS', value: run => countText(run.counts.leftovers), align: 'right', wide: true },
    { header: 'PARTS', value: run => countText(run.counts.parts), align: 'right', wide: true },
    { header: 'INVENTORY', value: run => run.inventory?.key ?? 'listing', wide: true },
    { header: 'TAKEN', value: run => timeText(run.takenAt), wide: true },
    { header: 'PHASE', value: run => run.phase, wide: true },
    { header: 'STARTED', value: run => timeText(run.startedAt), wide: true },
    { header: 'ERROR', value: run => orHyphen(run.error), wide: true },
  ],
}

export const findingView: View<ReconcileFindingResource> = {
  name: finding => finding.nativeKey,
  columns: [
    { header: 'VERDICT', value: finding => finding.verdict },
    { header: 'KEY', value: finding => finding.nativeKey },
    { header: 'SIZE', value: finding => bytesText(finding.bytes), align: 'right' },
    { header: 'WHAT', value: finding => finding.detail },
  ],
}

export const orphanView: View<OrphanResource> = {
  name: orphan => orphan.id,
  columns: [
    { header: 'ID', value: orphan => orphan.id },
    { header: 'KIND', value: orphan => orphan.kind },
    { header: 'STATE', value: orphan => orphan.state },
    { header: 'LOCATION', value: orphan => orphan.location?.name ?? orphan.store.name },
    { header: 'KEY', value: orphan => orphan.nativeKey },
    { header: 'SIZE', value: orphan => bytesText(orphan.bytes), align: 'right' },
    {
      header: '$/MONTH',
      value: orphan => (orphan.monthlyUsd === null ? '-' : usdText(orphan.monthlyUsd)),
      align: 'right',
    },
    { header: 'FIRST SEEN', value: orphan => timeText(orphan.firstSeenAt) },
    { header: 'LAST SEEN', value: orphan => timeText(orphan.lastSeenAt), wide: true },
    { header: 'REASON', value: orphan => orphan.reason, wide: true },
    { header: 'OUTCOME', value: orphan => orHyphen(orphan.outcome), wide: true },
    { header: 'DECIDED BY', value: orphan => orHyphen(orphan.decidedBy), wide: true },
  ],
}
