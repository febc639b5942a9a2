import type { PlanFidelity } from '../../api/schemas/fidelity.ts'
import type { View } from '../output.ts'
import { countText } from '../units.ts'

type Reason = PlanFidelity['reasons'][number]

/** Words for what becomes of what a copy lacks. */
const FATES: Readonly<Record<Reason['fate'], string>> = {
  catalog: 'kept in the catalog',
  source: 'stays at the source',
  unknown: 'read when copied',
  refused: 'not moved',
}

export const fidelityView: View<Reason> = {
  name: reason => reason.reason,
  columns: [
    { header: 'WHAT', value: reason => reason.aspect },
    { header: 'OBJECTS', value: reason => countText(reason.objects), align: 'right' },
    { header: 'FATE', value: reason => FATES[reason.fate] },
    { header: 'WHY', value: reason => reason.text },
    {
      header: 'FOR EXAMPLE',
      value: reason => reason.examples.map(({ bucket, key }) => `s3://${bucket}/${key}`).join(', '),
    },
  ],
}
