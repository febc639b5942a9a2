import type { DeadLetterResource } from '../../api/schemas/event.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { deadLetterView } from '../views/access.ts'

/** `dim dead-letter list` */
export const registerDeadLetterList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(
      noun.command('list').alias('ls').description('events that could not be understood, and why'),
    ),
    async ({ api, out }, options) => {
      out.list(
        (await api.list<DeadLetterResource>('/v1/dead-letters', {}, limitOf(options))).items,
        deadLetterView,
      )
    },
  )
}
