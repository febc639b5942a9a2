import { Option } from 'commander'
import { OBJECT_SORTS, OBJECT_STATES, type ObjectSummary } from '../../api/schemas/object.ts'
import { TIERS } from '../../domain/tier.ts'
import { limitOf, notNegative, type Register, watching, withListOptions, withWatch } from '../command.ts'
import { objectView } from '../views/object.ts'

interface Options {
  prefix?: string
  tier?: string
  location?: string
  state?: string
  minHeat?: number
  sort: string
  limit: number
  watch?: number | true
}

/** `dim object list` */
export const registerObjectList: Register = (noun, bind) => {
  const command = noun
    .command('list [bucket]')
    .alias('ls')
    .description('objects with their place and heat')
    .option('--prefix <text>', 'only keys that start with this')
    .addOption(new Option('--tier <tier>').choices(TIERS))
    .option('--location <name>', 'only those whose primary copy is there')
    .addOption(new Option('--state <state>').choices(OBJECT_STATES))
    .option('--min-heat <reads>', 'only those read at least so often a day', notNegative)
    .addOption(new Option('--sort <by>').choices(OBJECT_SORTS).default('key'))
  bind<Options>(withWatch(withListOptions(command)), (session, { limit, watch, ...filters }, bucket) =>
    watching(session, watch, async () => {
      const query = { ...filters, bucket }
      const { items, hasMore } = await session.api.list<ObjectSummary>(
        '/v1/objects',
        query,
        limitOf({ limit }),
      )
      session.out.list(items, objectView)
      if (hasMore) session.out.say(`there are more than ${limit}: --limit 0 prints all`)
    }),
  )
}
