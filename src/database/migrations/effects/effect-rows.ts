import type { Instant } from '../../../domain/clock.ts'
import type { Uuid } from '../../../domain/identifiers.ts'
import type { Migration } from '../../../domain/migration.ts'
import { LedgerError, type MigrationStep } from '../../../domain/migration-record.ts'
import type { Principal } from '../../../domain/principal.ts'
import { arrayLiteral } from '../../array-literal.ts'
import type { Queryable } from '../../postgres.ts'

/** A step whose effects are to be written. The migration is as it is after its record. */
export interface EffectfulStep {
  readonly migration: Migration
  readonly step: MigrationStep
  readonly modelNow: Instant
  /** Whether the object may have copies besides the migration's own two. */
  readonly hasOtherCopies: boolean
  /** Whether the catalog may lack a digest of the content. */
  readonly lacksDigests: boolean
}

/** What one statement needs, whose rows are steps that all have the same effect. */
export interface EffectContext {
  readonly connection: Queryable
  readonly steps: readonly EffectfulStep[]
  readonly principal: Principal
  /** Target copies that are written whole when they become primary. */
  readonly publishedIds: ReadonlySet<Uuid>
}

/** The id of the object. */
export const objectOf = ({ migration }: EffectfulStep) => migration.objectId
/** The id of the source copy. */
export const sourceCopyOf = ({ migration }: EffectfulStep) => migration.sourceCopyId
/** The id of the target copy. */
export const targetCopyOf = ({ migration }: EffectfulStep) => migration.targetCopyId
/** The generation that is moved. */
export const generationOf = ({ migration }: EffectfulStep) => migration.generation
/** The native key at the target. */
export const targetKeyOf = ({ migration }: EffectfulStep) => migration.evidence.targetKey ?? migration.key
/** The ETag of the target's bytes; null where none is known. */
export const etagOf = ({ migration }: EffectfulStep) => migration.evidence.targetIdentity?.etag ?? null
/** The version of the target's bytes; null where none is known. */
export const versionIdOf = ({ migration }: EffectfulStep) =>
  migration.evidence.targetIdentity?.versionId ?? null
/** When the step was taken, in whole model milliseconds. */
export const momentOf = ({ modelNow }: EffectfulStep) => Math.round(modelNow)

/** Columns whose elements need no quoting. */
const PLAIN_COLUMNS: ReadonlySet<unknown> = new Set([
  objectOf,
  sourceCopyOf,
  targetCopyOf,
  generationOf,
  momentOf,
])

/** The statement's arrays: one for each column, an element for each step. */
export function columns(
  steps: readonly EffectfulStep[],
  ...of: readonly ((step: EffectfulStep) => unknown)[]
): unknown[] {
  return of.map(column => {
    const elements = steps.map(column)
    return PLAIN_COLUMNS.has(column) ? arrayLiteral(elements as (string | number)[]) : elements
  })
}

/**
 * Waits for statements that were sent together. When one finds that the object moved on, those after it may
 * fail at the rows it left as they were: it is the reason that is told.
 */
export async function allWritten(statements: readonly (Promise<void> | null)[]): Promise<void> {
  const settled = await Promise.allSettled(statements)
  const errors = settled.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (errors.length > 0) throw errors.find(error => error instanceof LedgerError) ?? errors[0]
}

/** Runs a statement that has to change one row for each step. */
export async function every(
  steps: readonly EffectfulStep[],
  otherwise: string,
  connection: Queryable,
  statement: { name: string; text: string; values: unknown[] },
): Promise<void> {
  if (steps.length === 0) return
  const { rowCount } = await connection.query(statement)
  if (rowCount !== steps.length) throw new LedgerError('switch-lost', otherwise)
}
