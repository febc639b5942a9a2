import { Option } from 'commander'
import type { MigrationResource } from '../../api/schemas/migration.ts'
import { MIGRATION_STATES } from '../../domain/migration.ts'
import { limitOf, type Register, watching, withListOptions, withWatch } from '../command.ts'
import { warnWhenStopped } from '../stop-warning.ts'
import { migrationView, restingMigrationView } from '../views/migration.ts'

interface Options {
  state?: string
  active?: boolean
  direction?: string
  bucket?: string
  plan?: string
  store?: string
  overdue?: boolean
  paused?: boolean
  error?: string
  limit: number
  watch?: number | true
}

/** `dim migration list` */
export const registerMigrationList: Register = (noun, bind) => {
  const command = noun
    .command('list')
    .alias('ls')
    .description('migrations, newest first')
    .addOption(new Option('--state <state>').choices(MIGRATION_STATES))
    .option('--active', 'unfinished ones only')
    .addOption(new Option('--direction <direction>').choices(['promotion', 'demotion', 'lateral']))
    .option('--bucket <bucket>', 'only objects of this bucket')
    .option('--plan <id>', 'only those of this plan')
    .option('--store <store>', 'only those that read or write in this store')
    .option('--overdue', 'only those past their deadline')
    .option('--paused', 'only those that rest: paused, or their plan or store is, or everything is stopped')
    .option('--error <kind>', 'only those whose last error is of this kind')
  bind<Options>(withWatch(withListOptions(command)), (session, { limit, watch, plan, error, ...filters }) =>
    watching(session, watch, async () => {
      await warnWhenStopped(session)
      const query = { ...filters, planId: plan, errorKind: error }
      const { items } = await session.api.list<MigrationResource>('/v1/migrations', query, limitOf({ limit }))
      session.out.list(items, filters.paused === true ? restingMigrationView : migrationView)
    }),
  )
}
