import type { StoreResource } from '../../api/schemas/store.ts'
import type { Register } from '../command.ts'
import { findNamed, namedPath } from '../references.ts'
import { storeView } from '../views/store.ts'

/** `dim store pause` and `dim store resume` */
export const registerStorePause: Register = (noun, bind) => {
  const pause = noun
    .command('pause <store>')
    .description('take up no migration that reads or writes there; running ones rest; readers notice nothing')
    .option('--reason <text>', 'why; shown wherever the pause is')
  bind<{ reason?: string }>(pause, async ({ api, out }, options, name) => {
    const { id } = await findNamed<StoreResource>(api, 'store', name)
    out.one(await api.post<StoreResource>(`${namedPath('store', id)}/pause`, options), storeView)
  })
  bind(
    noun
      .command('resume <store>')
      .description('let migrations go on at a store that was paused or refused our credentials'),
    async ({ api, out }, _options, name) => {
      const { id } = await findNamed<StoreResource>(api, 'store', name)
      out.one(await api.post<StoreResource>(`${namedPath('store', id)}/resume`), storeView)
    },
  )
}
