/** A moment, as milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** Tells the time. Every function that needs a moment is given one, or is given a clock. */
export interface Clock {
  now(): Instant
}

/** The wall clock: serves signatures, time-outs and log lines. Leases use the database's clock instead. */
export const wallClock: Clock = { now: () => Date.now() }

/**
 * How the model clock is anchored: at wall time `anchorWall` it showed `anchorModel`, and since then it
 * runs `scale` times as fast as the wall clock.
 */
export interface ModelClockAnchor {
  readonly anchorModel: Instant
  readonly anchorWall: Instant
  /** Model seconds per wall second. Range: greater than 0. 1 in production; thousands in the demo. */
  readonly scale: number
}

/**
 * The model clock serves heat, minimum durations and grace. It is what demo and simulator accelerate; it
 * never goes back, even when the wall clock does.
 */
export function modelClock(anchor: ModelClockAnchor, wall: Clock = wallClock): Clock {
  let highWater = anchor.anchorModel
  return {
    now() {
      const elapsed = Math.max(0, wall.now() - anchor.anchorWall)
      highWater = Math.max(highWater, anchor.anchorModel + elapsed * anchor.scale)
      return highWater
    },
  }
}
