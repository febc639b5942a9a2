import { Option } from 'commander'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import type { StoreResource } from '../../api/schemas/store.ts'
import { type Register, repeated } from '../command.ts'
import { readMapping } from '../documents.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { parseBudgetWindow } from '../parse-budget-window.ts'
import { findNamed, namedPath } from '../references.ts'
import type { Session } from '../session.ts'
import { mergeSettings, parseSettings } from '../settings.ts'
import { type CredentialOptions, credentialsOf, withCredentialOptions } from '../store-credentials.ts'
import { countText } from '../units.ts'
import { storeView } from '../views/store.ts'

interface Options extends CredentialOptions {
  setting?: string[]
  settings?: string
  /** False with `--no-budget`. */
  budget?: string[] | false
  requestsAtOnceMax?: string
  forDrills?: boolean
}

/** `dim store set`: its settings and credentials, what background work may ask of a store, and whether it is for drills. */
export const registerStoreSet: Register = (noun, bind) => {
  const bare = noun
    .command('set <store>')
    .description(
      'change the settings of a store, replace its credentials, change what background work may ask of it, and whether drills may be held there',
    )
    .option(
      '--setting <name=value>',
      'a setting, for example region=eu-west-1; null takes it away (repeat)',
      repeated,
    )
    .addOption(
      new Option('--settings <file>', 'all settings anew, YAML or JSON; "-" reads standard input').conflicts(
        'setting',
      ),
    )
    .option(
      '--budget <window>',
      'rates of some hours of the day (repeat; the first that is open holds)',
      repeated,
    )
    .option('--no-budget', 'nothing limits background work any more')
    .option('--requests-at-once-max <n>', 'bound of what adapts by itself; "none" takes it away')
    .option(
      '--for-drills',
      'let faults on purpose be held here (dim chaos store): they damage what it keeps, so it must be nothing people need',
    )
    .option('--no-for-drills', 'no drill any more; one that is held ends')
  const command = withCredentialOptions(bare).addHelpText(
    'after',
    `
Settings are checked as by "store add", and hold within five seconds in every process. Dots make sections:
capabilities.tags=false. A new address (endpoint, account, root) is refused while copies lie at the present one, unless
it shows the same copies: those that came last and others are looked for there. It is refused, too, while migrations,
uploads or imports go on there; afterwards new writes there are told SlowDown for fifteen seconds. So are refused
credentials with which the store shows others. To prove every copy afterwards: dim location re-identify LOCATION.

Credentials are replaced as a whole, sealed at once and used within five seconds by every process. A store that
refused the former ones (auth-failed) is active again.

A window is bytes=RATE and requests=RATE per second, one or both, and from, to and zone if it is not always open.
All processes together keep to it. Clients of the gateway never wait for it: they spend first.

Example: dim store set glacier --budget bytes=20MB,requests=50,from=08:00,to=18:00,zone=Europe/Berlin \\
                               --budget bytes=200MB`,
  )
  bind<Options>(command, async (session, options, name) => {
    const { api, out } = session
    const store = await findNamed<StoreResource>(api, 'store', name)
    const credentials = await credentialsOf(options)
    const change = changeOf(options)
    const hasLimits = Object.keys(change).length > 0
    const settings = await settingsOf(options, store)
    if (!hasLimits && credentials === null && settings === null) {
      out.say(
        'nothing to change: name --setting, --settings, credentials, --budget, --no-budget, --requests-at-once-max or --for-drills',
      )
      return EXIT.nothingToDo
    }
    const path = namedPath('store', store.id)
    let changed = store
    const identity = {
      ...(settings === null ? {} : { settings }),
      ...(credentials === null ? {} : { credentials }),
    }
    if (Object.keys(identity).length > 0) changed = await api.change<StoreResource>('PATCH', path, identity)
    if (hasLimits) changed = await api.change<StoreResource>('PATCH', `${path}/limits`, change)
    out.one(changed, storeView)
    if (options.forDrills === true) await tellAboutDrills(session, store)
    if (options.forDrills === false && store.drill !== null) out.say(`the drill at ${store.name} has ended`)
    return EXIT.ok
  })
}

/** Places and buckets named in a warning. */
const NAMED_MAX = 3

/** What the mark permits from now on, and who would meet it: a drill damages what lies there for good. */
async function tellAboutDrills({ api, out }: Session, store: StoreResource): Promise<void> {
  const everything = Number.POSITIVE_INFINITY
  const { items: locations } = await api.list<LocationResource>('/v1/locations', {}, everything)
  const { items: buckets } = await api.list<BucketResource>('/v1/buckets', {}, everything)
  const here = locations.filter(location => location.store.id === store.id)
  const written = buckets.filter(({ writeLocation }) => here.some(({ id }) => id === writeLocation.id))
  const copies = here.reduce((sum, { usage }) => sum + usage.copies, 0)
  out.say(
    `warning: operators may now make requests to ${store.name} fail, hang or lie (dim chaos store ${store.name}): readers meet that too, and what is kept there may be damaged for good`,
  )
  if (copies > 0)
    out.say(
      `warning: ${countText(copies)} copies lie there, in ${namesOf(here.filter(({ usage }) => usage.copies > 0))}; a drill may be the end of those that have no other`,
    )
  if (written.length > 0) out.say(`warning: what clients write to ${namesOf(written)} goes there first`)
  out.say(`to take the mark away: dim store set ${store.name} --no-for-drills`)
}

function namesOf(named: readonly { readonly name: string }[]): string {
  const more = named.length > NAMED_MAX ? ` and ${named.length - NAMED_MAX} more` : ''
  return (
    named
      .slice(0, NAMED_MAX)
      .map(({ name }) => name)
      .join(', ') + more
  )
}

/** The settings it should have from now on, or null when nothing was said of them. */
async function settingsOf(
  { setting, settings }: Options,
  store: StoreResource,
): Promise<Record<string, unknown> | null> {
  if (settings !== undefined) return { ...(await readMapping(settings, 'a mapping of settings')) }
  return setting === undefined ? null : mergeSettings(store.settings, parseSettings(setting))
}

function changeOf(options: Options): Record<string, unknown> {
  const { budget, forDrills, requestsAtOnceMax } = options
  return {
    // Without either option commander says true.
    ...(budget === false ? { budget: [] } : {}),
    ...(Array.isArray(budget) ? { budget: budget.map(parseBudgetWindow) } : {}),
    ...(forDrills === undefined ? {} : { isForDrills: forDrills }),
    ...(requestsAtOnceMax === undefined ? {} : { requestsAtOnceMax: boundOf(requestsAtOnceMax) }),
  }
}

function boundOf(text: string): number | null {
  if (text === 'none') return null
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new CliError(EXIT.usage, '--requests-at-once-max takes a whole number or "none"')
}
