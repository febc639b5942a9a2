import { Option } from 'commander'
import type { LocationResource } from '../../api/schemas/location.ts'
import { TIERS, type Tier } from '../../domain/tier.ts'
import { notNegative, positive, type Register, wholeNumber } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { warnWithoutPrice } from '../price-warning.ts'
import { findNamed, namedPath } from '../references.ts'
import { locationView } from '../views/location.ts'

/** Takes a value away; commander does not know null. */
const NONE = 'none'

interface Options {
  tier?: Tier
  price?: string
  region?: string
  firstByteMs?: number
  restoreHours?: number | typeof NONE
  capacityBytes?: number | typeof NONE
}

/** `dim location set`: changes what is named, leaves the rest. */
export const registerLocationSet: Register = (noun, bind) => {
  const command = noun
    .command('set <location>')
    .description('change what is known of a location: its label, price, region, latency or capacity')
    .addOption(new Option('--tier <tier>', 'label for people and policies').choices(TIERS))
    .option('--price <id>', 'entry of the price book that says what it costs')
    .option('--region <region>', 'where it is')
    .option('--first-byte-ms <ms>', 'time to first byte that readers see, 99th percentile', notNegative)
    .option(
      '--restore-hours <hours>',
      'hours until an offline copy can be read; "none" takes it away',
      orNone(positive),
    )
    .option(
      '--capacity-bytes <bytes>',
      'how much it may hold; "none" takes the bound away',
      orNone(wholeNumber),
    )
    .addHelpText(
      'after',
      `
Its store, container and storage class stay: copies lie there. Plans that wait for approval keep the prices they were made
with; what is decided from now on knows the new facts.

Example: dim location set archive --price aws/us-east-1/glacier --restore-hours 12 --capacity-bytes none`,
    )
  bind<Options>(command, async (session, options, name) => {
    const { api, out } = session
    const location = await findNamed<LocationResource>(api, 'location', name)
    const { capacityBytes, firstByteMs, price, restoreHours, ...same } = options
    const change = {
      ...same,
      ...(restoreHours === undefined ? {} : { restoreHours: orNull(restoreHours) }),
      ...(capacityBytes === undefined ? {} : { capacityBytes: orNull(capacityBytes) }),
      ...(price === undefined ? {} : { priceId: price }),
      ...(firstByteMs === undefined ? {} : { firstByteMsP99: firstByteMs }),
    }
    if (Object.keys(change).length === 0) {
      out.say(
        'nothing to change: name --tier, --price, --region, --first-byte-ms, --restore-hours or --capacity-bytes',
      )
      return EXIT.nothingToDo
    }
    out.one(
      await api.change<LocationResource>('PATCH', namedPath('location', location.id), change),
      locationView,
    )
    if (price !== undefined) await warnWithoutPrice(session, price)
    return EXIT.ok
  })
}

/** A value that can be taken away. */
function orNone(parse: (text: string) => number): (text: string) => number | typeof NONE {
  return text => (text === NONE ? NONE : parse(text))
}

function orNull(value: number | typeof NONE): number | null {
  return value === NONE ? null : value
}
