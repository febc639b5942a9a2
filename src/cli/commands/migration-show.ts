import type { MigrationDetail } from '../../api/schemas/migration.ts'
import { type Register, watching, withWatch } from '../command.ts'
import { renderTable } from '../output.ts'
import { checkedId } from '../references.ts'
import { warnWhenStopped } from '../stop-warning.ts'
import { migrationStepColumns, migrationView } from '../views/migration.ts'

/** `dim migration show`: with its timeline. */
export const registerMigrationShow: Register = (noun, bind) => {
  const command = withWatch(noun.command('show <id>').description('one migration with its timeline'))
  bind<{ watch?: number | true }>(command, (session, options, id) =>
    watching(session, options.watch, async () => {
      await warnWhenStopped(session)
      const migration = await session.api.get<MigrationDetail>(`/v1/migrations/${checkedId(id)}`)
      session.out.one(migration, migrationView)
      if (session.out.format === 'table' || session.out.format === 'wide')
        session.terminal.print(
          `\n${renderTable(migration.timeline, migrationStepColumns, session.globals.headers)}`,
        )
    }),
  )
}
