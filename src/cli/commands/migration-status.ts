import type { QueueStatus } from '../../api/schemas/queue.ts'
import { type Register, watching, withWatch } from '../command.ts'
import { queueStatusView } from '../views/queue.ts'

/** `dim migration status`: the whole queue. */
export const registerMigrationStatus: Register = (noun, bind) => {
  const command = withWatch(
    noun.command('status').description('the whole queue: how much, how fast, until when, and what keeps it'),
  )
  bind<{ watch?: number | true }>(command, (session, { watch }) =>
    watching(session, watch, async () =>
      session.out.one(await session.api.get<QueueStatus>('/v1/migrations/status'), queueStatusView),
    ),
  )
}
