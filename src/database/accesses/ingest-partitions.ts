import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** A partition that ingest has leased. Every write of its owner names the epoch. */
export interface LeasedPartition {
  readonly partition: number
  readonly epoch: number
  readonly nextOffset: number
}

/** How far behind the log the counters and the heat of one partition are. */
export interface IngestLag {
  readonly partition: number
  /** Events appended and not yet applied. */
  readonly events: number
  /** Age of the oldest event that is appended and not yet applied; 0 when there is none. */
  readonly seconds: number
}

/**
 * Leases partitions of a source that nobody holds, whose lease ran out, or that `owner` itself held: at most
 * `max`. Each gets a new epoch, so that an earlier owner, even this process before a doubtful commit, can no
 * longer write.
 */
export async function leaseIngestPartitions(
  database: Database,
  options: { source: string; partitions: readonly number[]; owner: string; leaseMs: number; max: number },
): Promise<LeasedPartition[]> {
  return inTransaction(database, async connection => {
    await connection.query(
      `insert into ingest_partition (source, partition) select $1, unnest($2::smallint[])
       on conflict do nothing`,
      [options.source, options.partitions],
    )
    const { rows } = await connection.query<LeasedPartition>(
      `with free as (
        select source, partition from ingest_partition
        where source = $1 and partition = any ($2::smallint[])
          and (lease_owner is null or lease_owner = $3 or lease_expires_at < now())
        order by partition limit $5 for update skip locked
      )
      update ingest_partition p
      set epoch = p.epoch + 1, lease_owner = $3, lease_expires_at = now() + $4 * interval '1 millisecond'
      from free where p.source = free.source and p.partition = free.partition
      returning p.partition, p.epoch, p.next_offset as "nextOffset"`,
      [options.source, options.partitions, options.owner, options.leaseMs, options.max],
    )
    return rows
  })
}

/** Prolongs leases. Returns the partitions that are still the owner's. */
export async function renewIngestLeases(
  queryable: Queryable,
  options: { source: string; leases: readonly LeasedPartition[]; leaseMs: number },
): Promise<number[]> {
  const { rows } = await queryable.query<{ partition: number }>(
    `update ingest_partition p set lease_expires_at = now() + $4 * interval '1 millisecond'
     from unnest($2::smallint[], $3::bigint[]) as held (partition, epoch)
     where p.source = $1 and p.partition = held.partition and p.epoch = held.epoch
     returning p.partition`,
    [
      options.source,
      options.leases.map(lease => lease.partition),
      options.leases.map(lease => lease.epoch),
      options.leaseMs,
    ],
  )
  return rows.map(row => row.partition)
}

/** Gives leases back, so that another process need not wait until they run out. */
export async function releaseIngestLeases(
  queryable: Queryable,
  options: { source: string; leases: readonly LeasedPartition[] },
): Promise<void> {
  await queryable.query(
    `update ingest_partition p set lease_owner = null, lease_expires_at = null
     from unnest($2::smallint[], $3::bigint[]) as held (partition, epoch)
     where p.source = $1 and p.partition = held.partition and p.epoch = held.epoch`,
    [options.source, options.leases.map(lease => lease.partition), options.leases.map(lease => lease.epoch)],
  )
}

/**
 * Moves a partition's position from `start` to `end`, in the transaction of the effects. False when the
 * caller is fenced: another owner raised the epoch, or the stretch was applied already. Then roll back.
 * The row stays locked until the commit, so whatever else the transaction does to the partition's objects
 * is done by one process at a time.
 */
export async function advanceIngestPartition(
  queryable: Queryable,
  options: {
    source: string
    partition: number
    epoch: number
    start: number
    end: number
    leaseMs: number
    lastEventMs: number | null
    eventsApplied: number
  },
): Promise<boolean> {
  const { rowCount } = await queryable.query({
    name: 'advance-ingest-partition',
    text: `update ingest_partition
      set next_offset = $5, lease_expires_at = now() + $6 * interval '1 millisecond',
        last_event_ms = greatest(last_event_ms, $7), last_applied_at = now(),
        events_applied = events_applied + $8
      where source = $1 and partition = $2 and epoch = $3 and next_offset = $4`,
    values: [
      options.source,
      options.partition,
      options.epoch,
      options.start,
      options.end,
      options.leaseMs,
      options.lastEventMs,
      options.eventsApplied,
    ],
  })
  return rowCount === 1
}

/** The highest sequence applied of each of these boots in a partition; boots never seen are left out. */
export async function readBootMarks(
  queryable: Queryable,
  options: { partition: number; bootIds: readonly string[] },
): Promise<Map<string, number>> {
  const { rows } = await queryable.query<{ boot_id: string; last_sequence: number }>({
    name: 'read-boot-marks',
    text: 'select boot_id, last_sequence from ingest_boot where partition = $1 and boot_id = any ($2::uuid[])',
    values: [options.partition, options.bootIds],
  })
  return new Map(rows.map(row => [row.boot_id, row.last_sequence]))
}

/** Raises the marks of boots. Call it in the transaction of the effects. */
export async function raiseBootMarks(
  queryable: Queryable,
  options: { partition: number; marks: ReadonlyMap<string, number> },
): Promise<void> {
  await queryable.query({
    name: 'raise-boot-marks',
    text: `insert into ingest_boot as b (boot_id, partition, last_sequence)
      select boot_id, $1, last_sequence from unnest($2::uuid[], $3::bigint[]) as i (boot_id, last_sequence)
      order by boot_id
      on conflict (boot_id, partition) do update
      set last_sequence = greatest(b.last_sequence, excluded.last_sequence), updated_at = now()`,
    values: [options.partition, [...options.marks.keys()], [...options.marks.values()]],
  })
}

/** Removes marks of boots that applied nothing for this long. Returns how many. */
export async function deleteOldBootMarks(
  queryable: Queryable,
  options: { ageHoursMin: number },
): Promise<number> {
  const { rowCount } = await queryable.query(
    `delete from ingest_boot where updated_at < now() - $1 * interval '1 hour'`,
    [options.ageHoursMin],
  )
  return rowCount ?? 0
}

/** How far ingest is behind the embedded log, per partition. */
export async function readIngestLag(queryable: Queryable, source: string): Promise<IngestLag[]> {
  const { rows } = await queryable.query<IngestLag>(
    `select l.partition, (l.next_offset - coalesce(i.next_offset, 0))::float8 as events,
       coalesce(greatest(extract(epoch from clock_timestamp() - oldest.appended_at), 0), 0)::float8 as seconds
     from event_log_partition l
     left join ingest_partition i on i.source = $1 and i.partition = l.partition
     left join lateral (
       select appended_at from event_batch b
       where b.partition = l.partition and b.first_offset >= coalesce(i.next_offset, 0)
       order by b.first_offset limit 1
     ) oldest on l.next_offset > coalesce(i.next_offset, 0)
     order by l.partition`,
    [source],
  )
  return rows
}
