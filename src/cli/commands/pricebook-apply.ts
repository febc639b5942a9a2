import type { PriceBookResource } from '../../api/schemas/price-book.ts'
import type { Register } from '../command.ts'
import { readDocument } from '../documents.ts'
import { priceBookView } from '../views/policy.ts'

/** `dim pricebook apply`: a new day is a new book; books are never changed. */
export const registerPriceBookApply: Register = (noun, bind) => {
  const command = noun
    .command('apply')
    .description('add dated prices from a YAML or JSON document')
    .requiredOption('-f, --file <file>', 'the document; "-" reads standard input')
  bind<{ file: string }>(command, async ({ api, out }, options) => {
    out.one(
      await api.post<PriceBookResource>('/v1/price-books', await readDocument(options.file)),
      priceBookView,
    )
  })
}
