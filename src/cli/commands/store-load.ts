import type { StoreResource } from '../../api/schemas/store.ts'
import type { StoreLoad } from '../../api/schemas/store-load.ts'
import { type Register, watching, withWatch } from '../command.ts'
import { findNamed } from '../references.ts'
import { storeLoadView } from '../views/store-load.ts'

/** `dim store load`: of every store, or of one. */
export const registerStoreLoad: Register = (noun, bind) => {
  const command = withWatch(
    noun
      .command('load [store]')
      .description(
        'how much of each budget the last minute used, how long work waits, and who is left alone',
      ),
  )
  bind<{ watch?: number | true }>(command, async (session, { watch }, name) => {
    const { api, out } = session
    const only = name === undefined ? null : (await findNamed<StoreResource>(api, 'store', name)).id
    return watching(session, watch, async () => {
      const { items } = await api.get<{ items: readonly StoreLoad[] }>('/v1/store-loads')
      out.list(
        items.filter(({ store }) => only === null || store.id === only),
        storeLoadView,
      )
    })
  })
}
