import type { LocationResource } from '../../api/schemas/location.ts'
import type { Retirement } from '../../api/schemas/retirement.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { retirementView } from '../views/retirement.ts'

/** `dim tier retire <location> [--apply]` */
export const registerTierRetire: Register = (noun, bind) => {
  const command = noun
    .command('retire <location>')
    .description(
      'what bringing everything back from a location costs; with --apply, begin: plans follow for approval',
    )
    .option('--apply', 'place nothing new there, and plan to bring everything elsewhere')
  bind<{ apply?: boolean }>(command, async ({ api, out }, { apply }, name) => {
    const { id } = await findNamed<LocationResource>(api, 'location', name)
    const shown =
      apply === true
        ? await api.post<Retirement>(`/v1/locations/${id}/retire`)
        : await api.get<Retirement>(`/v1/locations/${id}/retirement`)
    out.one(shown, retirementView)
    const [bucket] = shown.writtenBy
    if (bucket !== undefined)
      out.say(
        `Before --apply, give ${shown.writtenBy.join(', ')} another location: dim bucket set ${bucket} --location LOCATION`,
      )
  })
}

/** `dim tier reinstate <location>` */
export const registerTierReinstate: Register = (noun, bind) => {
  const command = noun
    .command('reinstate <location>')
    .description('let a retiring location take objects again')
  bind(command, async ({ api, out }, _options, name) => {
    const { id } = await findNamed<LocationResource>(api, 'location', name)
    out.one(await api.post<Retirement>(`/v1/locations/${id}/reinstate`), retirementView)
  })
}
