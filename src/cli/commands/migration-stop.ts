import type { QueueStatus } from '../../api/schemas/queue.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { queueStatusView } from '../views/queue.ts'

/** `dim migration stop --all --reason …`: the kill switch. `dim migration resume --all` ends it. */
export const registerMigrationStop: Register = (noun, bind) => {
  const command = noun
    .command('stop')
    .description('stop every migration everywhere within seconds, until "resume --all"')
    .option('--all', 'all of them: there is nothing smaller to stop; one is paused with "pause"')
    .requiredOption('--reason <text>', 'why; whoever meets the stop reads it')
  bind<{ all?: boolean; reason: string }>(command, async ({ api, out }, { all, reason }) => {
    if (all !== true) throw new CliError(EXIT.usage, 'say --all: every migration everywhere is stopped')
    out.one(await api.post<QueueStatus>('/v1/migrations/stop', { reason }), queueStatusView)
  })
}
