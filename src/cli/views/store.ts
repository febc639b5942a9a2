import type { StoreResource } from '../../api/schemas/store.ts'
import type { View } from '../output.ts'
import { timeText } from '../units.ts'

export const storeView: View<StoreResource> = {
  name: store => store.name,
  columns: [
    { header: 'NAME', value: store => store.name },
    { header: 'KIND', value: store => store.kind },
    { header: 'STATE', value: store => store.state },
    { header: 'CREDENTIALS', value: store => (store.hasCredentials ? 'sealed' : 'none') },
    { header: 'SETTINGS', value: store => JSON.stringify(store.settings) },
    { header: 'ID', value: store => store.id, wide: true },
    { header: 'CREATED', value: store => timeText(store.createdAt), wide: true },
    { header: 'BY', value: store => store.principal, wide: true },
  ],
}
