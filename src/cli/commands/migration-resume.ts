import type { MigrationResource } from '../../api/schemas/migration.ts'
import type { QueueStatus } from '../../api/schemas/queue.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { checkedId } from '../references.ts'
import { migrationView } from '../views/migration.ts'
import { queueStatusView } from '../views/queue.ts'

/** `dim migration resume <ids...>`, or `--all` to end what `stop --all` began. */
export const registerMigrationResume: Register = (noun, bind) => {
  const command = noun
    .command('resume [ids...]')
    .description('let paused ones go on')
    .option('--all', 'end "stop --all"; what is paused by itself stays paused')
  bind<{ all?: boolean }>(command, async ({ api, out }, options, ...values) => {
    const ids = values.flat().map(checkedId)
    if ((options.all === true) === ids.length > 0) throw new CliError(EXIT.usage, 'name ids, or --all')
    if (options.all === true) {
      out.one(await api.post<QueueStatus>('/v1/migrations/resume'), queueStatusView)
      return
    }
    const changed: MigrationResource[] = []
    for (const id of ids) changed.push(await api.post<MigrationResource>(`/v1/migrations/${id}/resume`))
    out.list(changed, migrationView)
  })
}
