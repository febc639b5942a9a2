import type { LocationResource } from '../../api/schemas/location.ts'
import type { Register } from '../command.ts'
import { findNamed, namedPath } from '../references.ts'
import { locationView } from '../views/location.ts'

/** `dim location clear-full` */
export const registerLocationClearFull: Register = (noun, bind) => {
  bind(
    noun
      .command('clear-full <location>')
      .description('say that a full location has room again: what waited for it goes on at once'),
    async ({ api, out }, _options, name) => {
      const { id } = await findNamed<LocationResource>(api, 'location', name)
      out.one(await api.post<LocationResource>(`${namedPath('location', id)}/clear-full`), locationView)
    },
  )
}
