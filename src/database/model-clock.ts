import type { ModelClockAnchor } from '../domain/clock.ts'
import { type Database, inTransaction, type Queryable } from './postgres.ts'

/** How often, in wall milliseconds, a running process notes what its model clock shows. */
export const MODEL_CLOCK_NOTED_EVERY_MS = 1_000

/** Wall clocks of two machines may differ by this much without anybody anchoring anew. */
const SKEW_MS_MAX = 5_000

interface ModelClockRow {
  anchor_model_ms: number
  anchor_wall_ms: number
  scale: number
  high_water_ms: number
}

/**
 * The anchor of the model clock of this database: read, or written on the first start. It is anchored anew
 * at the moment it shows, so that model time never jumps back:
 * - when the scale is another than before,
 * - when the wall clock was set back so far that it would show less than it ever has,
 * - with `standsStillWhileDown`, when nobody noted the clock lately: so an accelerated clock does not run for
 *   years while nothing runs. A process that runs notes it all the time and is not disturbed.
 *
 * What a killed process showed after its last note is allowed for by two notes' worth of time.
 */
export async function openModelClock(
  database: Database,
  options: {
    scale: number
    wallNow: number
    /** What the clock shows at its very first start; the wall clock's time unless given. */
    firstModelMs?: number
    standsStillWhileDown?: boolean
    principal: string
  },
): Promise<ModelClockAnchor> {
  const { scale, wallNow } = options
  return inTransaction(database, async connection => {
    const first = Math.ceil(options.firstModelMs ?? wallNow)
    await connection.query(
      `insert into model_clock (anchor_model_ms, anchor_wall_ms, scale, high_water_ms, principal)
       values ($1, $2, $3, $1, $4) on conflict do nothing`,
      [first, wallNow, scale, options.principal],
    )
    const { rows } = await connection.query<ModelClockRow>('select * from model_clock for update')
    const stored = rows[0]!
    const shown = stored.anchor_model_ms + Math.max(0, wallNow - stored.anchor_wall_ms) * stored.scale
    const mayHaveShown = stored.high_water_ms + 2 * MODEL_CLOCK_NOTED_EVERY_MS * stored.scale
    const isBehind = shown < stored.high_water_ms
    const standsStill = options.standsStillWhileDown === true && shown > mayHaveShown
    if (scale === stored.scale && !isBehind && !standsStill) return anchorOf(stored)
    // Another machine's clock is a little ahead of ours: wait for nobody, change nothing for the others.
    if (scale === stored.scale && isBehind && stored.high_water_ms - shown <= SKEW_MS_MAX * scale)
      return { anchorModel: stored.high_water_ms, anchorWall: wallNow, scale }
    const present = Math.ceil(isBehind || standsStill ? mayHaveShown : shown)
    const { rows: written } = await connection.query<ModelClockRow>(
      `update model_clock set anchor_model_ms = $1, anchor_wall_ms = $2, scale = $3,
         high_water_ms = greatest(high_water_ms, $1), principal = $4
       returning *`,
      [present, wallNow, scale, options.principal],
    )
    return anchorOf(written[0]!)
  })
}

/**
 * Notes what a model clock shows, and returns the stored anchor: another than the caller's means that a
 * process changed the scale. Null when there is no clock.
 */
export async function noteModelClock(queryable: Queryable, shown: number): Promise<ModelClockAnchor | null> {
  const { rows } = await queryable.query<ModelClockRow>({
    name: 'note-model-clock',
    text: 'update model_clock set high_water_ms = greatest(high_water_ms, $1) returning *',
    values: [Math.floor(shown)],
  })
  return rows[0] === undefined ? null : anchorOf(rows[0])
}

function anchorOf(row: ModelClockRow): ModelClockAnchor {
  return { anchorModel: row.anchor_model_ms, anchorWall: row.anchor_wall_ms, scale: row.scale }
}
