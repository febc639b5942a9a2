import { Option } from 'commander'
import type { AddedLocationResource } from '../../api/schemas/location.ts'
import type { StoreResource } from '../../api/schemas/store.ts'
import { TIERS, type Tier } from '../../domain/tier.ts'
import { notNegative, positive, type Register, wholeNumber } from '../command.ts'
import { warnWithoutPrice } from '../price-warning.ts'
import { findNamed } from '../references.ts'
import { learningLine } from '../store-knowledge.ts'
import { locationView } from '../views/location.ts'

interface Options {
  store: string
  container: string
  storageClass?: string
  tier: Tier
  price: string
  region: string
  firstByteMs: number
  restoreHours?: number
  capacityBytes?: number
  learn: boolean
}

/** `dim location add`: a container in a store where copies can live. */
export const registerLocationAdd: Register = (noun, bind) => {
  const command = noun
    .command('add <name>')
    .description('add a place where copies can live: a container in a store')
    .requiredOption('--store <store>', 'name or id of its store')
    .requiredOption('--container <name>', "the store's own container: an S3 bucket, a folder")
    .addOption(
      new Option('--tier <tier>', 'label for people and policies').choices(TIERS).makeOptionMandatory(),
    )
    .requiredOption('--price <id>', 'entry of the price book that says what it costs')
    .option('--storage-class <class>', "the store's own storage class")
    .option('--region <region>', 'where it is', 'local')
    .option('--first-byte-ms <ms>', 'time to first byte that readers see, 99th percentile', notNegative, 50)
    .option('--restore-hours <hours>', 'hours until an offline copy can be read', positive)
    .option('--capacity-bytes <bytes>', 'how much it may hold', wholeNumber)
    .option(
      '--no-learn',
      'do not find out what its store can do, where nobody did (writes and deletes small objects there)',
    )
  bind<Options>(command, async (session, options, name) => {
    const { api, out } = session
    const store = await findNamed<StoreResource>(api, 'store', options.store)
    const location = await api.post<AddedLocationResource>('/v1/locations', {
      name,
      storeId: store.id,
      container: options.container,
      storageClass: options.storageClass ?? null,
      tier: options.tier,
      priceId: options.price,
      region: options.region,
      firstByteMsP99: options.firstByteMs,
      restoreHours: options.restoreHours ?? null,
      capacityBytes: options.capacityBytes ?? null,
      learn: options.learn,
    })
    out.one(location, locationView)
    for (const other of location.uncompared)
      out.say(
        `note: could not be checked whether this is the same place as location ${other.location} of store ${other.store}: ${other.because}`,
      )
    await warnWithoutPrice(session, options.price)
    const learning = learningLine(location)
    if (learning !== null) out.say(learning)
  })
}
