import type { AccessKeyResource } from '../../api/schemas/access-key.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { accessKeyView } from '../views/access.ts'

/** `dim access-key list` */
export const registerAccessKeyList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('keys of S3 clients, newest first')),
    async ({ api, out }, options) => {
      out.list(
        (await api.list<AccessKeyResource>('/v1/access-keys', {}, limitOf(options))).items,
        accessKeyView,
      )
    },
  )
}
