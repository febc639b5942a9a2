import type { Database } from '../../src/database/postgres.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import { aPriceBook } from './placement.ts'

/** Adds an approved plan for migrations to belong to. What it was made from is of no matter. */
export async function addPlanRow(
  database: Database,
  values: { readonly priority?: number; readonly dueAt?: Date } = {},
): Promise<Uuid> {
  const [id, policyId, bookId] = [newId(), newId(), newId()]
  await database.query(`insert into policy (id, name, spec, principal) values ($1, $2, '{}', 'user:test')`, [
    policyId,
    `policy-${policyId}`,
  ])
  await database.query(
    `insert into price_book (id, name, effective_from, spec, principal)
     values ($1, $2, '2026-01-01', $3, 'user:test')`,
    [bookId, `book-${bookId}`, aPriceBook([{ id: 'p', storageUsdPerGbMonth: 0.02 }])],
  )
  await database.query(
    `insert into plan (id, state, approval, policy_id, policy_revision, price_book_id, created_ms, closed_at,
                       principal, priority, due_at)
     values ($1, 'approved', 'person', $2, 1, $3, 0, now(), 'user:test', $4, $5)`,
    [id, policyId, bookId, values.priority ?? null, values.dueAt ?? null],
  )
  return id
}
