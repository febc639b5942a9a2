import { MIB } from '../../domain/bytes.ts'
import { type BodyBuffers, createBodyBuffers } from './body-buffers.ts'
import type { MigrationParts } from './migration-parts.ts'

/** How many bytes of objects a mover holds in memory, however many objects it moves at once. */
const BODY_BYTES_MAX = 48 * MIB

const known = new WeakMap<MigrationParts, BodyBuffers>()

/** The buffers that all migrations of one mover share. */
export function buffersOf(parts: MigrationParts): BodyBuffers {
  const made = known.get(parts) ?? createBodyBuffers(BODY_BYTES_MAX)
  known.set(parts, made)
  return made
}
