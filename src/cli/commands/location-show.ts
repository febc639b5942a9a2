import type { LocationDetail, LocationResource } from '../../api/schemas/location.ts'
import type { Register } from '../command.ts'
import { findNamed, namedPath } from '../references.ts'
import { locationDetailView } from '../views/location.ts'

/** `dim location show` */
export const registerLocationShow: Register = (noun, bind) => {
  bind(
    noun.command('show <location>').description('one location, by name or id, with what is spoken for there'),
    async ({ api, out }, _options, name) => {
      const { id } = await findNamed<LocationResource>(api, 'location', name)
      out.one(await api.get<LocationDetail>(namedPath('location', id)), locationDetailView)
    },
  )
}
