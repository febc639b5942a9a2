import type { PolicyResource } from '../../api/schemas/policy.ts'
import type { PriceBookResource } from '../../api/schemas/price-book.ts'
import type { View } from '../output.ts'
import { timeText } from '../units.ts'

export const policyView: View<PolicyResource> = {
  name: policy => policy.name,
  columns: [
    { header: 'NAME', value: policy => policy.name },
    { header: 'BUCKETS', value: policy => policy.buckets.join(', ') || '-' },
    { header: 'REVISION', value: policy => String(policy.revision), align: 'right' },
    { header: 'UPDATED', value: policy => timeText(policy.updatedAt) },
    { header: 'BY', value: policy => policy.principal },
    { header: 'ID', value: policy => policy.id, wide: true },
  ],
}

export const priceBookView: View<PriceBookResource> = {
  name: book => `${book.name}@${book.effectiveFrom}`,
  columns: [
    { header: 'NAME', value: book => book.name },
    { header: 'FROM', value: book => book.effectiveFrom },
    { header: 'CURRENT', value: book => (book.isCurrent ? 'yes' : 'no') },
    { header: 'PRICES', value: book => String(book.locations.length), align: 'right' },
    { header: 'BY', value: book => book.principal },
    { header: 'ID', value: book => book.id, wide: true },
  ],
}
