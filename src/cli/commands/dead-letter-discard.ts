import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'

/** `dim dead-letter discard` */
export const registerDeadLetterDiscard: Register = (noun, bind) => {
  bind(
    noun.command('discard <id>').description('forget it and its bytes; its events never count'),
    async ({ api, out }, _options, id) => {
      await api.delete(`/v1/dead-letters/${checkedId(id)}`)
      out.say(`discarded ${id}`)
    },
  )
}
