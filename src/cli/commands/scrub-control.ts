import type { ScrubStatus } from '../../api/schemas/scrub.ts'
import type { Register } from '../command.ts'
import { scrubView } from '../views/scrub.ts'

/** `dim scrub start` */
export const registerScrubStart: Register = (noun, bind) => {
  const command = noun.command('start').description('let the scrubber work after a pause')
  bind(command, async ({ api, out }) => out.one(await api.post<ScrubStatus>('/v1/scrub/start'), scrubView))
}

/** `dim scrub pause [--reason …]` */
export const registerScrubPause: Register = (noun, bind) => {
  const command = noun
    .command('pause')
    .description('look at no more copies, until "start"; repairs of what was found go on')
    .option('--reason <text>', 'why; whoever meets the pause reads it')
  bind<{ reason?: string }>(command, async ({ api, out }, { reason }) =>
    out.one(
      await api.post<ScrubStatus>('/v1/scrub/pause', reason === undefined ? {} : { reason }),
      scrubView,
    ),
  )
}
