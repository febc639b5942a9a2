import type { Register } from '../command.ts'

/** `dim access-key revoke` */
export const registerAccessKeyRevoke: Register = (noun, bind) => {
  bind(
    noun.command('revoke <id>').description('make a key useless from now on'),
    async ({ api, out }, _options, id) => {
      await api.delete(`/v1/access-keys/${encodeURIComponent(id)}`)
      out.say(`revoked ${id}`)
    },
  )
}
