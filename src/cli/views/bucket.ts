import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { View } from '../output.ts'
import { timeText } from '../units.ts'

export const bucketView: View<BucketResource> = {
  name: bucket => bucket.name,
  columns: [
    { header: 'NAME', value: bucket => bucket.name },
    { header: 'MODE', value: bucket => bucket.mode },
    { header: 'WRITES TO', value: bucket => bucket.writeLocation.name },
    { header: 'POLICY', value: bucket => bucket.policy?.name ?? '-' },
    { header: 'ID', value: bucket => bucket.id, wide: true },
    { header: 'CREATED', value: bucket => timeText(bucket.createdAt), wide: true },
    { header: 'BY', value: bucket => bucket.principal, wide: true },
  ],
}
