import type { AccessEventResource } from '../../api/schemas/event.ts'
import { type Register, watching, wholeNumber, withWatch } from '../command.ts'
import { accessEventView } from '../views/access.ts'

/** `dim event tail`: the newest accesses. */
export const registerEventTail: Register = (noun, bind) => {
  const command = withWatch(
    noun
      .command('tail')
      .description('the newest accesses, newest first')
      .option('--limit <n>', 'at most this many (200 at most)', wholeNumber, 50),
  )
  bind<{ limit: number; watch?: number | true }>(command, (session, options) =>
    watching(session, options.watch, async () => {
      const query = { limit: Math.min(200, Math.max(1, options.limit)) }
      const { items } = await session.api.get<{ items: AccessEventResource[] }>('/v1/events', query)
      session.out.list(items, accessEventView)
    }),
  )
}
