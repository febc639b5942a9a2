import type { Uuid } from '../../domain/identifiers.ts'
import type { MigrationKind } from '../../domain/migration.ts'
import type { Queryable } from '../postgres.ts'

/** Which of the migrations that gave up are meant; at least one of plan and error is given. */
export interface GivenUpFilter {
  readonly planId: Uuid | null
  /** The kind of the last error. */
  readonly errorKind: string | null
  /** The last id of the page before. */
  readonly afterId: Uuid | null
  readonly limit: number
}

/** Migrations that ended quarantined, or retained their source, in the order of their ids. */
export async function listGivenUp(
  queryable: Queryable,
  filter: GivenUpFilter,
): Promise<{ readonly id: Uuid; readonly kind: MigrationKind }[]> {
  const { rows } = await queryable.query<{ id: Uuid; kind: MigrationKind }>({
    name: 'migrations_given_up',
    text: `
      select m.id, m.kind from migration m
      where m.finished_at is not null and m.state in ('quarantined', 'retained')
        and ($1::uuid is null or m.plan_id = $1)
        and ($2::text is null or m.evidence #>> '{error,kind}' = $2)
        and ($3::uuid is null or m.id > $3)
      order by m.id limit $4`,
    values: [filter.planId, filter.errorKind, filter.afterId, filter.limit],
  })
  return rows
}
