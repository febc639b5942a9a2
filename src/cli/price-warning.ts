import type { PriceBookResource } from '../api/schemas/price-book.ts'
import { closestNames } from './closest-names.ts'
import type { Session } from './session.ts'

const PRICES_NAMED_MAX = 3

/** A location may name a price before a price book has it, but nothing moves there before one in force does: a warning. */
export async function warnWithoutPrice({ api, out }: Session, priceId: string): Promise<void> {
  const { items } = await api.list<PriceBookResource>('/v1/price-books', {}, Number.POSITIVE_INFINITY)
  const current = items.find(book => book.isCurrent)
  if (current === undefined) {
    out.say(`warning: there is no price book yet, so nothing has the price "${priceId}"`)
    return
  }
  const known = current.locations.map(price => price.id)
  if (known.includes(priceId)) return
  const closest = closestNames(priceId, known, PRICES_NAMED_MAX)
  const other = items.find(book => book.locations.some(price => price.id === priceId))
  const hint =
    other === undefined
      ? `closest: ${closest.join(', ')}`
      : `${other.name} of ${other.effectiveFrom} has it, and is not in force: only one book is`
  out.say(
    `warning: the price book in force, ${current.name}, has not the price "${priceId}" (${hint}); nothing is moved there until one has it`,
  )
}
