import type { StoreResource } from '../../api/schemas/store.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { storeView } from '../views/store.ts'

/** `dim store list` */
export const registerStoreList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('stores by name')),
    async ({ api, out }, options) => {
      out.list((await api.list<StoreResource>('/v1/stores', {}, limitOf(options))).items, storeView)
    },
  )
}
