import { DAY, HOUR } from './duration.ts'

/**
 * A column of decayed heat, named by how long silence takes to halve it. The half-life of a stored column
 * never changes: another half-life is another column, rebuilt from history.
 */
export const HALF_LIVES = ['6h', '3d', '30d'] as const
export type HalfLife = (typeof HALF_LIVES)[number]

/** How long each half-life is, in milliseconds. */
export const HALF_LIFE_MS: Readonly<Record<HalfLife, number>> = {
  '6h': 6 * HOUR,
  '3d': 3 * DAY,
  '30d': 30 * DAY,
}

/**
 * The decay constant of a half-life, ln 2 divided by it. A decayed sum of accesses multiplied by it is a
 * rate: a steady reader's rate converges to itself.
 *
 * Units: per millisecond.
 */
export function alphaPerMs(halfLife: HalfLife): number {
  return Math.LN2 / HALF_LIFE_MS[halfLife]
}
