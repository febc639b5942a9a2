import type { LocationResource } from '../../api/schemas/location.ts'
import { limitOf, type Register, watching, withListOptions, withWatch } from '../command.ts'
import { locationView } from '../views/location.ts'

/** `dim location list` */
export const registerLocationList: Register = (noun, bind) => {
  const command = withWatch(
    withListOptions(noun.command('list').alias('ls').description('locations and what lies there')),
  )
  bind<{ limit: number; watch?: number | true }>(command, (session, options) =>
    watching(session, options.watch, async () => {
      const { items } = await session.api.list<LocationResource>('/v1/locations', {}, limitOf(options))
      session.out.list(items, locationView)
    }),
  )
}
