import type { ObjectDetail } from '../../api/schemas/object.ts'
import type { Register } from '../command.ts'
import { objectApiPath, parseObjectAddress } from '../references.ts'
import { objectDetailView } from '../views/object.ts'

/** `dim object show` */
export const registerObjectShow: Register = (noun, bind) => {
  const command = noun
    .command('show <object>')
    .description('one object with its copies and heat: s3://bucket/key')
  bind(command, async ({ api, out }, _options, address) => {
    out.one(await api.get<ObjectDetail>(objectApiPath(parseObjectAddress(address))), objectDetailView)
  })
}
