import type { DeadLetterDetail } from '../../api/schemas/event.ts'
import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'
import { deadLetterDetailView } from '../views/access.ts'

/** `dim dead-letter show` */
export const registerDeadLetterShow: Register = (noun, bind) => {
  bind(
    noun.command('show <id>').description('one event that could not be understood, with all its bytes'),
    async ({ api, out }, _options, id) => {
      out.one(await api.get<DeadLetterDetail>(`/v1/dead-letters/${checkedId(id)}`), deadLetterDetailView)
    },
  )
}
