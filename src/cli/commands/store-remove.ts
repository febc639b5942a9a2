import type { StoreResource } from '../../api/schemas/store.ts'
import type { Register } from '../command.ts'
import { findNamed, namedPath } from '../references.ts'

/** `dim store remove` */
export const registerStoreRemove: Register = (noun, bind) => {
  const command = noun
    .command('remove <store>')
    .alias('rm')
    .description('forget a store that no location uses; its bytes stay')
  bind(command, async ({ api, out }, _options, name) => {
    const store = await findNamed<StoreResource>(api, 'store', name)
    await api.change('DELETE', namedPath('store', store.id))
    out.say(`forgot the store ${store.name}`)
  })
}
