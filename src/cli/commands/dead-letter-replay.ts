import type { DeadLetterResource } from '../../api/schemas/event.ts'
import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'
import { deadLetterView } from '../views/access.ts'

/** `dim dead-letter replay` */
export const registerDeadLetterReplay: Register = (noun, bind) => {
  bind(
    noun.command('replay <id>').description('hand an event to the log again'),
    async ({ api, out }, _options, id) => {
      out.one(await api.post<DeadLetterResource>(`/v1/dead-letters/${checkedId(id)}/replay`), deadLetterView)
    },
  )
}
