import type { TokenResource } from '../../api/schemas/token.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { tokenView } from '../views/access.ts'

/** `dim token list` */
export const registerTokenList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('tokens of the API, newest first')),
    async ({ api, out }, options) => {
      out.list((await api.list<TokenResource>('/v1/tokens', {}, limitOf(options))).items, tokenView)
    },
  )
}
