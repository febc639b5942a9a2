import type { Undo } from '../../api/schemas/undo.ts'
import { changeEach } from '../change-each.ts'
import type { Register } from '../command.ts'
import type { View } from '../output.ts'
import { usdText } from '../units.ts'

const undoView: View<Undo> = {
  name: ({ migrationId, undoes }) => migrationId ?? undoes,
  columns: [
    { header: 'MIGRATION', value: ({ migrationId }) => migrationId ?? 'proposed: say --apply to plan it' },
    { header: 'KIND', value: ({ kind }) => kind },
    { header: 'KEY', value: ({ key }) => key },
    { header: 'TARGET', value: ({ target }) => target.name },
    { header: 'ONCE', value: ({ oneTimeUsd }) => usdText(oneTimeUsd), align: 'right' },
    { header: 'SAVES A MONTH', value: ({ monthlySavingUsd }) => usdText(monthlySavingUsd), align: 'right' },
  ],
}

/** `dim migration undo <ids...> [--apply]` */
export const registerMigrationUndo: Register = (noun, bind) => {
  const command = noun
    .command('undo <ids...>')
    .description('the reverse of a migration whose grace is over, with its price; with --apply it is planned')
    .option('--apply', 'plan it')
  bind<{ apply?: boolean }>(command, (session, { apply }, ...values) =>
    changeEach(session, values.flat(), undoView, id =>
      session.api.post<Undo>(`/v1/migrations/${id}/undo`, { apply: apply === true }),
    ),
  )
}
