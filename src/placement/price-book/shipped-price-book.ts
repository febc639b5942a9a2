import type { PriceBook } from '../../domain/price.ts'
import listPrices from './list-prices-2026-09-20.json' with { type: 'json' }
import { checkPriceBook } from './price-book-document.ts'

/** The price book that comes with the product: public list prices of 2026-09-20, each with its source. */
export function shippedPriceBook(): PriceBook {
  return checkPriceBook(listPrices)
}
