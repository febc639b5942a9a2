import type { PriceBookResource } from '../../api/schemas/price-book.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { priceBookView } from '../views/policy.ts'

/** `dim pricebook list` */
export const registerPriceBookList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('price books, newest first')),
    async ({ api, out }, options) => {
      out.list(
        (await api.list<PriceBookResource>('/v1/price-books', {}, limitOf(options))).items,
        priceBookView,
      )
    },
  )
}
