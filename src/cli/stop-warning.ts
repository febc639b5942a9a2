import type { QueueStatus } from '../api/schemas/queue.ts'
import type { Session } from './session.ts'
import { stopText } from './views/queue.ts'

/** Tells people who look at plans or migrations that all of them are stopped, before they wonder why. */
export async function warnWhenStopped(session: Session): Promise<void> {
  if (session.globals.quiet === true) return
  const { stop } = await session.api.get<QueueStatus>('/v1/migrations/status')
  const warning = stopText(stop)
  if (warning !== null) session.out.say(session.terminal.colors.red(warning))
}
