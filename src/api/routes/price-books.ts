import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  findCurrentPriceBook,
  findPriceBook,
  insertPriceBook,
  listPriceBooks,
  type PriceBookRow,
} from '../../database/placement/price-books.ts'
import { requestReviews } from '../../database/placement/review-sweeps.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { priceBookLabel } from '../../domain/price.ts'
import { checkPriceBook } from '../../placement/price-book/price-book-document.ts'
import { callerOf } from '../authentication.ts'
import { mustBeValid } from '../check-document.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { type PriceBookResource, priceBookCreateSchema, priceBookSchema } from '../schemas/price-book.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['price-books']
const position = z.tuple([z.iso.datetime(), idSchema])

/** Price books: dated prices. They are added, never changed. */
export function priceBooksRoutes({ database, clock }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/price-books',
      {
        schema: {
          operationId: 'listPriceBooks',
          summary: 'Price books, the one added last first',
          tags: ['price-books'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(priceBookSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [createdAt, id] = decodeCursor(LIST, position, cursor) ?? []
        const before =
          createdAt === undefined || id === undefined ? null : { createdAt: new Date(createdAt), id }
        const [rows, currentId] = await Promise.all([
          listPriceBooks(database, { before, limit: limit + 1 }),
          currentBookId(),
        ])
        return toPage(
          rows,
          limit,
          row => presentPriceBook(row, currentId),
          last => encodeCursor(LIST, [timeText(last.createdAt), last.id]),
        )
      },
    )

    app.get(
      '/v1/price-books/:id',
      {
        schema: {
          operationId: 'getPriceBook',
          summary: 'One price book',
          tags: ['price-books'],
          params: idParametersSchema,
          response: { 200: priceBookSchema },
        },
      },
      async request => presentPriceBook(await mustFind(request.params.id), await currentBookId()),
    )

    app.post(
      '/v1/price-books',
      {
        schema: {
          operationId: 'createPriceBook',
          summary: 'Add a price book; every object is looked at again',
          tags: ['price-books'],
          body: priceBookCreateSchema,
          response: { 201: priceBookSchema },
        },
      },
      async (request, reply) => {
        const book = mustBeValid(checkPriceBook, request.body)
        const id = newId()
        const { principal } = callerOf(request)
        const label = priceBookLabel(book)
        await inTransaction(database, async connection => {
          if (!(await insertPriceBook(connection, { id, book, principal })))
            throw new ApiError('conflict', `there is already a price book ${label}`)
          await requestReviews(connection, { reason: 'prices-changed', principal })
          await recordActivity(connection, request, 'price-book.created', label, { id })
        })
        const row = await mustFind(id)
        return reply
          .code(201)
          .header('location', `/v1/price-books/${id}`)
          .send(presentPriceBook(row, await currentBookId()))
      },
    )
  }

  async function currentBookId(): Promise<string | null> {
    const current = await findCurrentPriceBook(database, timeText(clock.now()).slice(0, 10))
    return current?.id ?? null
  }

  async function mustFind(id: string): Promise<PriceBookRow> {
    const row = await findPriceBook(database, id)
    if (row === null) throw notFound('price book', id)
    return row
  }
}

function presentPriceBook(row: PriceBookRow, currentId: string | null): PriceBookResource {
  const { name, effectiveFrom, currency, daysPerMonth, sources, locations } = row.book
  return {
    id: row.id,
    name,
    effectiveFrom,
    currency,
    daysPerMonth,
    sources: { ...sources },
    locations: locations.map(price => ({ ...price, sources: { ...price.sources } })),
    isCurrent: row.id === currentId,
    createdAt: timeText(row.createdAt),
    principal: row.principal,
  }
}
