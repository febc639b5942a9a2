import type { Uuid } from '../../domain/identifiers.ts'
import type { PriceBook } from '../../domain/price.ts'
import type { Principal } from '../../domain/principal.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'
import { requestReviews } from './review-sweeps.ts'

/** A price book as its row keeps it. Books are never changed: a new day is a new one. */
export interface PriceBookRow {
  readonly id: Uuid
  readonly book: PriceBook
  readonly createdAt: Date
  readonly principal: string
}

const SELECT = `select id, spec as book, created_at as "createdAt", principal from price_book`

/** Adds a checked price book. Resolves to false when there is one of that name and day already. */
export async function insertPriceBook(
  queryable: Queryable,
  row: { id: Uuid; book: PriceBook; principal: Principal },
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `insert into price_book (id, name, effective_from, spec, principal) values ($1, $2, $3, $4, $5)
     on conflict (name, effective_from) do nothing`,
    [row.id, row.book.name, row.book.effectiveFrom, JSON.stringify(row.book), row.principal],
  )
  return rowCount === 1
}

/**
 * Adds a checked price book and asks for reviews of every object, in one transaction. Resolves to false when
 * there is one of that name and day already.
 */
export async function addPriceBook(
  database: Database,
  row: { id: Uuid; book: PriceBook; principal: Principal },
): Promise<boolean> {
  return inTransaction(database, async connection => {
    if (!(await insertPriceBook(connection, row))) return false
    await requestReviews(connection, { reason: 'prices-changed', principal: row.principal })
    return true
  })
}

/**
 * The price book decisions are made from: the one added last among those that hold on this day
 * (`YYYY-MM-DD`), or the one added last of all when none holds yet. Null when there is none.
 */
export async function findCurrentPriceBook(queryable: Queryable, day: string): Promise<PriceBookRow | null> {
  const { rows } = await queryable.query<PriceBookRow>({
    name: 'price_book_current',
    text: `${SELECT} order by effective_from <= $1::date desc, created_at desc, id desc limit 1`,
    values: [day],
  })
  return rows[0] ?? null
}

/** The price book with this id, or null. */
export async function findPriceBook(queryable: Queryable, id: Uuid): Promise<PriceBookRow | null> {
  const { rows } = await queryable.query<PriceBookRow>(`${SELECT} where id = $1`, [id])
  return rows[0] ?? null
}

/** One page of price books, the one added last first, those before the given one. */
export async function listPriceBooks(
  queryable: Queryable,
  page: { before: { createdAt: Date; id: Uuid } | null; limit: number },
): Promise<PriceBookRow[]> {
  const { rows } = await queryable.query<PriceBookRow>(
    `${SELECT}
     where $1::timestamptz is null or (created_at, id) < (select created_at, id from price_book where id = $2::uuid)
     order by created_at desc, id desc limit $3`,
    [page.before?.createdAt ?? null, page.before?.id ?? null, page.limit],
  )
  return rows
}
