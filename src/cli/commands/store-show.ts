import type { StoreResource } from '../../api/schemas/store.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { storeView } from '../views/store.ts'

/** `dim store show` */
export const registerStoreShow: Register = (noun, bind) => {
  bind(
    noun.command('show <store>').description('one store, by name or id'),
    async ({ api, out }, _options, store) => {
      out.one(await findNamed<StoreResource>(api, 'store', store), storeView)
    },
  )
}
