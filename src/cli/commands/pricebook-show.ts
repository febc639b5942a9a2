import type { PriceBookResource } from '../../api/schemas/price-book.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { type Column, renderTable } from '../output.ts'
import { bytesText } from '../units.ts'
import { priceBookView } from '../views/policy.ts'

type Price = PriceBookResource['locations'][number]

const priceColumns: readonly Column<Price>[] = [
  { header: 'PRICE', value: price => price.id },
  { header: '$/GB-MONTH', value: price => String(price.storageUsdPerGbMonth), align: 'right' },
  { header: '$/1000 PUT', value: price => String(price.putUsdPer1000), align: 'right' },
  { header: '$/1000 GET', value: price => String(price.getUsdPer1000), align: 'right' },
  { header: '$/GB READ', value: price => String(price.retrievalUsdPerGb), align: 'right' },
  { header: '$/GB OUT', value: price => String(price.egressUsdPerGb), align: 'right' },
  { header: 'MIN DAYS', value: price => String(price.minimumStorageDays), align: 'right' },
  { header: 'MIN SIZE', value: price => bytesText(price.minimumBillableBytes), align: 'right' },
  { header: 'SOURCES', value: price => Object.keys(price.sources).join(', ') },
]

/** `dim pricebook show`: the one in force, or one by name or id. */
export const registerPriceBookShow: Register = (noun, bind) => {
  const command = noun
    .command('show [pricebook]')
    .description('prices: the book in force, or one by name or id')
  bind(command, async (session, _options, wanted) => {
    const { items } = await session.api.list<PriceBookResource>(
      '/v1/price-books',
      {},
      Number.POSITIVE_INFINITY,
    )
    const book = items.find(candidate =>
      wanted === undefined
        ? candidate.isCurrent
        : [candidate.id, candidate.name, priceBookView.name(candidate)].includes(wanted),
    )
    if (book === undefined)
      throw new CliError(EXIT.notFound, `there is no price book ${wanted ?? 'in force'}`)
    if (session.out.format !== 'table' && session.out.format !== 'wide')
      return session.out.one(book, priceBookView)
    session.out.say(`${priceBookView.name(book)}, ${book.currency}, list prices`)
    session.terminal.print(renderTable(book.locations, priceColumns, session.globals.headers))
  })
}
