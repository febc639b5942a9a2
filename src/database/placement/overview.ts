import type { Uuid } from '../../domain/identifiers.ts'
import type { Tier } from '../../domain/tier.ts'
import type { Queryable } from '../postgres.ts'

/** A location and the copies of one size class in it; -2 stands for a location that holds nothing. */
export interface UsageRow {
  readonly locationId: Uuid
  readonly locationName: string
  readonly storeName: string
  readonly tier: Tier
  readonly priceId: string
  readonly region: string
  readonly capacityBytes: number | null
  /** Floor of log2 of the size, -1 for empty objects. */
  readonly sizeClass: number
  readonly copies: number
  /** Copies that readers get: as many as there are objects. */
  readonly primaries: number
  readonly bytes: number
}

/** What lies where, per size class: a sum over counters, never over copies. */
export async function readUsage(database: Queryable): Promise<UsageRow[]> {
  const { rows } = await database.query<UsageRow>({
    name: 'overview_usage',
    text: `
      select l.id as "locationId", l.name as "locationName", s.name as "storeName", l.tier,
             l.price_id as "priceId", l.region, l.capacity_bytes as "capacityBytes",
             coalesce(u.size_class, -2) as "sizeClass", coalesce(u.copies, 0)::bigint as copies,
             coalesce(u.primaries, 0)::bigint as primaries, coalesce(u.bytes, 0)::bigint as bytes
      from location as l
      join store as s on s.id = l.store_id
      left join (
        select location_id, size_class, sum(copies) as copies, sum(primaries) as primaries,
               sum(bytes) as bytes
        from location_usage group by location_id, size_class having sum(copies) > 0
      ) as u on u.location_id = l.id
      order by l.name collate "C", u.size_class`,
  })
  return rows
}

/** Objects that will lie elsewhere: one copy of each leaves one location, and perhaps enters another. */
export interface ShiftRow {
  readonly fromLocationId: Uuid
  /** Null when the copy at the target is counted already. */
  readonly toLocationId: Uuid | null
  readonly sizeClass: number
  readonly copies: number
  readonly bytes: number
}

/**
 * What moves under way will change about where copies lie: unfinished migrations, and decisions of approved
 * plans that are not migrations yet. A migration's target counts as soon as copying begins, its source until
 * the migration ends. What proposed plans want is in {@link sumProposedPlans}.
 */
export async function readPendingShifts(database: Queryable): Promise<ShiftRow[]> {
  const { rows } = await database.query<ShiftRow>({
    name: 'overview_pending_shifts',
    text: `
      select from_id as "fromLocationId", to_id as "toLocationId", size_class as "sizeClass",
             count(*) as copies, sum(size)::bigint as bytes
      from (
        select source_location_id as from_id, case when state = 'planned' then target_location_id end as to_id,
               size_class_of(size) as size_class, size
        from migration where finished_at is null
        union all
        select d.from_location_id, d.to_location_id, size_class_of(d.size), d.size
        from plan as p
        join decision as d on d.plan_id = p.id and d.verdict is null
        where p.state = 'approved'
      ) as shifts
      group by 1, 2, 3`,
  })
  return rows
}

/**
 * What the reads of objects on the move will cost less per month, in US dollars, as their decisions expect;
 * moves that no decision asked for count nothing. Readers follow at the switch.
 */
export async function sumReadsSavingUnderWay(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ usd: number }>({
    name: 'overview_reads_saving_under_way',
    text: `
      select coalesce(sum(usd), 0) as usd
      from (
        select d.monthly_saving_usd - d.monthly_saving_storage_usd as usd
        from migration as m
        join decision as d on d.id = m.decision_id
        where m.finished_at is null and m.state in
          ('planned', 'waiting-restore', 'copying', 'copied', 'verifying', 'verified')
        union all
        select d.monthly_saving_usd - d.monthly_saving_storage_usd
        from plan as p
        join decision as d on d.plan_id = p.id and d.verdict is null
        where p.state = 'approved'
      ) as savings`,
  })
  return rows[0]!.usd
}

/** How fast the model clock runs; 1 where nobody set it. */
export async function readClockScale(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ scale: number }>('select scale from model_clock')
  return rows[0]?.scale ?? 1
}
