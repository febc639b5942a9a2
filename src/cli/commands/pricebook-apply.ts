import type { LocationResource } from '../../api/schemas/location.ts'
import type { PriceBookResource } from '../../api/schemas/price-book.ts'
import type { Register } from '../command.ts'
import { readDocument } from '../documents.ts'
import type { Session } from '../session.ts'
import { priceBookView } from '../views/policy.ts'

const LOCATIONS_NAMED_MAX = 10

/** `dim pricebook apply`: a new day is a new book; books are never changed. */
export const registerPriceBookApply: Register = (noun, bind) => {
  const command = noun
    .command('apply')
    .description('add dated prices from a YAML or JSON document')
    .requiredOption('-f, --file <file>', 'the document; "-" reads standard input')
  bind<{ file: string }>(command, async (session, options) => {
    const document = await readDocument(options.file)
    const book = await session.api.post<PriceBookResource>('/v1/price-books', document)
    session.out.one(book, priceBookView)
    if (book.isCurrent) await warnOfPriceless(session, book)
  })
}

/** One book is in force at a time, so a new one must have the prices of every location. */
async function warnOfPriceless({ api, out }: Session, book: PriceBookResource): Promise<void> {
  const { items } = await api.list<LocationResource>('/v1/locations', {}, Number.POSITIVE_INFINITY)
  const known = new Set(book.locations.map(price => price.id))
  const lacking = items.filter(location => !known.has(location.priceId))
  for (const location of lacking.slice(0, LOCATIONS_NAMED_MAX))
    out.say(
      `warning: ${book.name} is in force now and has not the price "${location.priceId}" of location ${location.name}: nothing is moved there until a book has it`,
    )
  const more = lacking.length - LOCATIONS_NAMED_MAX
  if (more > 0) out.say(`and ${more} more locations`)
}
