import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'

/** `dim token revoke` */
export const registerTokenRevoke: Register = (noun, bind) => {
  bind(
    noun.command('revoke <id>').description('make a token useless from now on'),
    async ({ api, out }, _options, id) => {
      await api.delete(`/v1/tokens/${checkedId(id)}`)
      out.say(`revoked ${id}`)
    },
  )
}
