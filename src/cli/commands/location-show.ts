import type { LocationResource } from '../../api/schemas/location.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { locationView } from '../views/location.ts'

/** `dim location show` */
export const registerLocationShow: Register = (noun, bind) => {
  bind(
    noun.command('show <location>').description('one location, by name or id'),
    async ({ api, out }, _options, name) => {
      out.one(await findNamed<LocationResource>(api, 'location', name), locationView)
    },
  )
}
