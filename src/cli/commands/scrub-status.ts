import type { ScrubStatus } from '../../api/schemas/scrub.ts'
import { type Register, watching, withWatch } from '../command.ts'
import { scrubView } from '../views/scrub.ts'

/** `dim scrub status` */
export const registerScrubStatus: Register = (noun, bind) => {
  const command = withWatch(
    noun.command('status').description('how far the scrubber is, what it found, and what it cost today'),
  )
  bind<{ watch?: number | true }>(command, (session, { watch }) =>
    watching(session, watch, async () =>
      session.out.one(await session.api.get<ScrubStatus>('/v1/scrub'), scrubView),
    ),
  )
}
