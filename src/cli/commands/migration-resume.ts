import type { MigrationResource } from '../../api/schemas/migration.ts'
import type { QueueStatus } from '../../api/schemas/queue.ts'
import { changeEach } from '../change-each.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { holdsText, migrationView } from '../views/migration.ts'
import { queueStatusView } from '../views/queue.ts'

/** `dim migration resume <ids...>`, or `--all` to end what `stop --all` began. */
export const registerMigrationResume: Register = (noun, bind) => {
  const command = noun
    .command('resume [ids...]')
    .description('let paused ones go on')
    .option('--all', 'end "stop --all"; what is paused by itself stays paused')
  bind<{ all?: boolean }>(command, async (session, options, ...values) => {
    const { api, out } = session
    const ids = values.flat()
    if ((options.all === true) === ids.length > 0) throw new CliError(EXIT.usage, 'name ids, or --all')
    if (options.all === true) {
      out.one(await api.post<QueueStatus>('/v1/migrations/resume'), queueStatusView)
      return EXIT.ok
    }
    return changeEach(session, ids, migrationView, async id => {
      const migration = await api.post<MigrationResource>(`/v1/migrations/${id}/resume`)
      if (migration.heldBy.length > 0) out.say(`note: ${id} still rests: ${holdsText(migration)}`)
      return migration
    })
  })
}
