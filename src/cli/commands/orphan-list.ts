import type { LocationResource } from '../../api/schemas/location.ts'
import type { OrphanResource } from '../../api/schemas/reconcile.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { findNamed } from '../references.ts'
import { orphanView } from '../views/reconcile.ts'

interface Options {
  limit: number
  state?: string
  kind?: string
  location?: string
}

/** `dim orphan list` */
export const registerOrphanList: Register = (noun, bind) => {
  const command = noun
    .command('list')
    .alias('ls')
    .description('bytes that nobody needs, what they cost, and what becomes of them')
    .option('--state <state>', 'seen, confirmed, deleting, deleted, kept, adopting, adopted or gone')
    .option('--kind <kind>', 'dark, forgotten, retained or suspect')
    .option('--location <location>', 'only of this location')
  bind<Options>(withListOptions(command), async ({ api, out }, options) => {
    const { kind, location, state } = options
    const found =
      location === undefined ? undefined : await findNamed<LocationResource>(api, 'location', location)
    const { items } = await api.list<OrphanResource>(
      '/v1/orphans',
      {
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
        ...(found === undefined ? {} : { locationId: found.id }),
      },
      limitOf(options),
    )
    out.list(items, orphanView)
  })
}
