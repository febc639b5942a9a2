import type { StoreResource } from '../../api/schemas/store.ts'
import { type Register, repeated } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { parseBudgetWindow } from '../parse-budget-window.ts'
import { findNamed, namedPath } from '../references.ts'
import { type CredentialOptions, credentialsOf, withCredentialOptions } from '../store-credentials.ts'
import { storeView } from '../views/store.ts'

interface Options extends CredentialOptions {
  /** False with `--no-budget`. */
  budget?: string[] | false
  requestsAtOnceMax?: string
  forDrills?: boolean
}

/** `dim store set`: its credentials, what background work may ask of a store, and whether it is for drills. */
export const registerStoreSet: Register = (noun, bind) => {
  const bare = noun
    .command('set <store>')
    .description(
      'replace the credentials of a store, change what background work may ask of it, and whether drills may be held there',
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
      'faults on purpose may be held here: nothing people need may depend on this store',
    )
    .option('--no-for-drills', 'no drill any more; one that is held ends')
  const command = withCredentialOptions(bare).addHelpText(
    'after',
    `
Credentials are replaced as a whole, sealed at once and used within five seconds by every process. A store that
refused the former ones (auth-failed) is active again.

A window is bytes=RATE and requests=RATE per second, one or both, and from, to and zone if it is not always open.
All processes together keep to it. Clients of the gateway never wait for it: they spend first.

Example: dim store set glacier --budget bytes=20MB,requests=50,from=08:00,to=18:00,zone=Europe/Berlin \\
                               --budget bytes=200MB`,
  )
  bind<Options>(command, async ({ api, out }, options, name) => {
    const store = await findNamed<StoreResource>(api, 'store', name)
    const credentials = await credentialsOf(options)
    const change = changeOf(options)
    const hasLimits = Object.keys(change).length > 0
    if (!hasLimits && credentials === null) {
      out.say(
        'nothing to change: name credentials, --budget, --no-budget, --requests-at-once-max or --for-drills',
      )
      return EXIT.nothingToDo
    }
    const path = namedPath('store', store.id)
    let changed = store
    if (credentials !== null) changed = await api.change<StoreResource>('PATCH', path, { credentials })
    if (hasLimits) changed = await api.change<StoreResource>('PATCH', `${path}/limits`, change)
    out.one(changed, storeView)
    return EXIT.ok
  })
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
