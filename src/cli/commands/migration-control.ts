import type { MigrationResource } from '../../api/schemas/migration.ts'
import { changeEach } from '../change-each.ts'
import type { Register } from '../command.ts'
import { migrationView } from '../views/migration.ts'

/** What a person can do with a migration; the server refuses (exit code 6) what its state does not allow. */
const VERBS = {
  pause: 'let it rest after the step it is at',
  cancel: 'stop it; before the switch nothing changes for readers',
  retry: 'try one again that was aborted or quarantined, or that had to keep its source',
  rollback: 'switch back to the source while it is in grace',
} as const

/** `dim migration pause|cancel|retry|rollback` */
export const registerMigrationControl: Register = (noun, bind) => {
  for (const [verb, description] of Object.entries(VERBS))
    bind(noun.command(`${verb} <ids...>`).description(description), (session, _options, ...values) =>
      changeEach(session, values.flat(), migrationView, id =>
        session.api.post<MigrationResource>(`/v1/migrations/${id}/${verb}`),
      ),
    )
}
