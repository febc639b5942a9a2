import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** A burst of real reads: over these keys, or over what starts with the prefix. */
export interface BurstSpec {
  readonly bucket: string
  /** Null when a prefix is given. */
  readonly keys: readonly string[] | null
  readonly prefix: string | null
  /** Over all objects together. */
  readonly reads: number
  /** Wall time to spread them over. */
  readonly seconds: number
  readonly seed: number
}

/** A burst asked for by a person, and how far it is. */
export interface SimulationRow {
  readonly id: Uuid
  readonly kind: 'burst'
  readonly spec: BurstSpec
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  readonly readsDone: number
  readonly bytesDone: number
  readonly errors: number
  readonly error: string | null
  readonly createdAt: Date
  readonly finishedAt: Date | null
  readonly principal: string
}

const COLUMNS = `id, kind, spec, state, reads_done as "readsDone", bytes_done as "bytesDone", errors, error,
  created_at as "createdAt", finished_at as "finishedAt", principal`

/** Asks for a burst. A worker takes it when it next looks. */
export async function insertBurst(
  database: Queryable,
  burst: { id: Uuid; spec: BurstSpec; principal: Principal },
): Promise<SimulationRow> {
  const { rows } = await database.query<SimulationRow>(
    `insert into simulation (id, kind, spec, state, principal) values ($1, 'burst', $2, 'queued', $3)
     returning ${COLUMNS}`,
    [burst.id, burst.spec, burst.principal],
  )
  return rows[0]!
}

/** The simulation with this id, or null. */
export async function findSimulation(database: Queryable, id: Uuid): Promise<SimulationRow | null> {
  const { rows } = await database.query<SimulationRow>(`select ${COLUMNS} from simulation where id = $1`, [
    id,
  ])
  return rows[0] ?? null
}

/** One page of simulations, newest first; ids ascend with time. */
export async function listSimulations(
  database: Queryable,
  page: { beforeId: Uuid | null; limit: number },
): Promise<SimulationRow[]> {
  const { rows } = await database.query<SimulationRow>(
    `select ${COLUMNS} from simulation where $1::uuid is null or id < $1 order by id desc limit $2`,
    [page.beforeId, page.limit],
  )
  return rows
}

/**
 * Takes the oldest burst that waits, or that a silent worker left behind; null when there is none. The
 * holder reports progress before its lease (by the database's clock) ends.
 */
export async function takeSimulation(
  database: Queryable,
  lease: { owner: string; seconds: number },
): Promise<SimulationRow | null> {
  const { rows } = await database.query<SimulationRow>(
    `update simulation
     set state = 'running', lease_owner = $1, lease_expires_at = now() + make_interval(secs => $2)
     where id = (
       select id from simulation
       where state = 'queued' or (state = 'running' and lease_expires_at < now())
       order by id for update skip locked limit 1)
     returning ${COLUMNS}`,
    [lease.owner, lease.seconds],
  )
  return rows[0] ?? null
}

/** Reports progress (totals, not differences) and renews the lease. False when somebody else took over. */
export async function reportSimulation(
  database: Queryable,
  id: Uuid,
  lease: { owner: string; seconds: number },
  progress: { readsDone: number; bytesDone: number; errors: number },
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update simulation
     set reads_done = $4, bytes_done = $5, errors = $6,
         lease_expires_at = now() + make_interval(secs => $3)
     where id = $1 and lease_owner = $2 and state = 'running'`,
    [id, lease.owner, lease.seconds, progress.readsDone, progress.bytesDone, progress.errors],
  )
  return rowCount === 1
}

/** Ends a burst. False when somebody else took over. */
export async function finishSimulation(
  database: Queryable,
  id: Uuid,
  owner: string,
  outcome: { state: 'done' | 'failed'; error: string | null },
): Promise<boolean> {
  const { rowCount } = await database.query(
    `update simulation
     set state = $3, error = $4, finished_at = now(), lease_owner = null, lease_expires_at = null
     where id = $1 and lease_owner = $2 and state = 'running'`,
    [id, owner, outcome.state, outcome.error],
  )
  return rowCount === 1
}
