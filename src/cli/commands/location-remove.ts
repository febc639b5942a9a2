import type { LocationResource } from '../../api/schemas/location.ts'
import type { Register } from '../command.ts'
import { findNamed, namedPath } from '../references.ts'

/** `dim location remove` */
export const registerLocationRemove: Register = (noun, bind) => {
  const command = noun
    .command('remove <location>')
    .alias('rm')
    .description('forget a location that nothing refers to; its bytes stay')
    .addHelpText(
      'after',
      `
Refused (exit code 6) while anything refers to it: copies, buckets, policies, plans, pins, migrations, writes, uploads, a
running import or comparison; each is named with what to do. To empty it: dim tier retire <location> --apply. What
lies in its container is not touched; the history of its imports and comparisons is forgotten.`,
    )
  bind(command, async ({ api, out }, _options, name) => {
    const location = await findNamed<LocationResource>(api, 'location', name)
    await api.change('DELETE', namedPath('location', location.id))
    out.say(`forgot the location ${location.name}`)
  })
}
