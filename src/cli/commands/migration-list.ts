import { Option } from 'commander'
import type { MigrationResource } from '../../api/schemas/migration.ts'
import { MIGRATION_STATES } from '../../domain/migration.ts'
import { limitOf, type Register, watching, withListOptions, withWatch } from '../command.ts'
import { migrationView } from '../views/migration.ts'

interface Options {
  state?: string
  active?: boolean
  direction?: string
  bucket?: string
  plan?: string
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
  bind<Options>(withWatch(withListOptions(command)), (session, { limit, watch, plan, ...filters }) =>
    watching(session, watch, async () => {
      const query = { ...filters, planId: plan }
      const { items } = await session.api.list<MigrationResource>('/v1/migrations', query, limitOf({ limit }))
      session.out.list(items, migrationView)
    }),
  )
}
