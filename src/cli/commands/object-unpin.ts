import type { ObjectDetail } from '../../api/schemas/object.ts'
import type { Register } from '../command.ts'
import { objectApiPath, parseObjectAddress } from '../references.ts'
import { objectDetailView } from '../views/object.ts'

/** `dim object unpin` */
export const registerObjectUnpin: Register = (noun, bind) => {
  bind(
    noun.command('unpin <object>').description('take the pin away'),
    async ({ api, out }, _options, address) => {
      const path = objectApiPath(parseObjectAddress(address))
      out.one(await api.change<ObjectDetail>('PATCH', path, { pin: null }), objectDetailView)
    },
  )
}
