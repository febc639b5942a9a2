import type { LocationResource } from '../../api/schemas/location.ts'
import type { ObjectDetail } from '../../api/schemas/object.ts'
import type { Api } from '../api.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { findNamed, objectApiPath, parseObjectAddress } from '../references.ts'
import { objectDetailView } from '../views/object.ts'

/** `dim object pin`: the object may live in one location only. */
export const registerObjectPin: Register = (noun, bind) => {
  const command = noun
    .command('pin <object>')
    .description('let an object live in one location only')
    .option('--location <location>', 'where (where it is now)')
    .option('--until <time>', 'ISO 8601, by the model clock (for good)')
  bind<{ location?: string; until?: string }>(command, async ({ api, out }, options, address) => {
    const path = objectApiPath(parseObjectAddress(address))
    const locationId =
      options.location === undefined
        ? await presentLocationId(api, path)
        : (await findNamed<LocationResource>(api, 'location', options.location)).id
    const until = options.until === undefined ? null : isoTime(options.until)
    out.one(await api.change<ObjectDetail>('PATCH', path, { pin: { locationId, until } }), objectDetailView)
  })
}

async function presentLocationId(api: Api, path: string): Promise<string> {
  const { location } = await api.get<ObjectDetail>(path)
  if (location !== null) return location.id
  throw new CliError(EXIT.conflict, 'the object has no good copy: name a --location')
}

function isoTime(text: string): string {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new CliError(EXIT.usage, `--until must be a time such as 2031-01-31T12:00:00Z`)
  return new Date(at).toISOString()
}
