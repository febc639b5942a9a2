import type { LocationDetail, LocationResource } from '../../api/schemas/location.ts'
import type { View } from '../output.ts'
import { bytesText, countText, orHyphen, timeText } from '../units.ts'

export const locationView: View<LocationResource> = {
  name: location => location.name,
  columns: [
    { header: 'NAME', value: location => location.name },
    { header: 'TIER', value: location => location.tier },
    { header: 'STORE', value: location => location.store.name },
    { header: 'CONTAINER', value: location => location.container },
    { header: 'CLASS', value: location => orHyphen(location.storageClass) },
    { header: 'COPIES', value: location => countText(location.usage.copies), align: 'right' },
    { header: 'BYTES', value: location => bytesText(location.usage.bytes), align: 'right' },
    { header: 'FULL', value: ({ full }) => (full === null ? '' : `since ${timeText(full.since)}`) },
    { header: 'PRICE', value: location => location.priceId },
    { header: 'REGION', value: location => location.region, wide: true },
    { header: 'P99 MS', value: location => String(location.firstByteMsP99), align: 'right', wide: true },
    { header: 'RESTORE H', value: location => orHyphen(location.restoreHours), align: 'right', wide: true },
    {
      header: 'CAPACITY',
      value: location => (location.capacityBytes === null ? '-' : bytesText(location.capacityBytes)),
      align: 'right',
      wide: true,
    },
    { header: 'ID', value: location => location.id, wide: true },
  ],
}

const RESERVATIONS = {
  planned: 'PLANNED',
  copying: 'COPYING',
  grace: 'IN GRACE',
  deleting: 'DELETING',
  orphaned: 'ORPHANED',
  uploading: 'UPLOADING',
} as const

export const locationDetailView: View<LocationDetail> = {
  name: location => location.name,
  columns: [
    ...locationView.columns,
    { header: 'TRIED AGAIN', value: ({ full }) => (full === null ? '' : timeText(full.until)) },
    { header: 'ITS STORE SAID', value: ({ full }) => full?.answer ?? '' },
    ...Object.entries(RESERVATIONS).map(([name, header]) => ({
      header,
      value: ({ reservations }: LocationDetail) => bytesText(reservations[name as keyof typeof RESERVATIONS]),
      align: 'right' as const,
    })),
  ],
}
