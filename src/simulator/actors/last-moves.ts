import type { Uuid } from '../../domain/identifiers.ts'
import { deletionWayOf } from '../../migration/deletion.ts'
import { isForeignNow } from '../invariants.ts'
import { type SimulatedWorld, storeOf } from '../world/simulated-world.ts'
import { newMove } from './crowd.ts'

/** A move that is planned when nothing disturbs it any more. */
export interface LastMove {
  readonly migrationId: Uuid
  readonly targetLocationId: Uuid
  readonly end: 'done' | 'retained'
}

/** Plans a move of every object to a place with room, which must come to its end as planned. */
export async function planLastMoves(world: SimulatedWorld): Promise<readonly LastMove[]> {
  const { catalog, chaos, ledger, locations } = world
  const moves: LastMove[] = []
  for (const object of catalog.objects.values()) {
    const source = [...catalog.copies.values()].find(copy => copy.objectId === object.id && copy.isPrimary)
    const targets = locations.filter(
      location => location.id !== source?.locationId && hasRoom(world, location.id),
    )
    if (source === undefined || targets.length === 0) continue
    const targetLocationId = chaos.pick(targets).id
    if (await isOccupied(world, targetLocationId, object.key)) continue
    if (await isForeignNow(world, object.key)) continue
    const move = newMove(world, object, targetLocationId)
    const { created } = await ledger.create([move], 'system:planner')
    if (created.length === 0) continue
    const { capabilities } = storeOf(world, source.locationId)
    const way = deletionWayOf(capabilities, catalog.buckets.get(object.bucketId)!.mode)
    moves.push({ migrationId: move.id, targetLocationId, end: way === 'not-at-all' ? 'retained' : 'done' })
    world.note(`last move of ${object.key}`)
  }
  return moves
}

/** Bytes that are retained or suspect, or others', are in the way of every move. */
async function isOccupied(world: SimulatedWorld, locationId: Uuid, key: string): Promise<boolean> {
  return (await storeOf(world, locationId).peek(key)) !== null
}

function hasRoom(world: SimulatedWorld, locationId: Uuid): boolean {
  return storeOf(world, locationId).profile.capacityBytes > 100_000
}

/** Undisturbed moves end as planned: at the target, with digests known. */
export function checkLastMoves({ catalog, history }: SimulatedWorld, moves: readonly LastMove[]): void {
  for (const { end, migrationId, targetLocationId } of moves) {
    const migration = catalog.migrations.get(migrationId)!
    const object = catalog.objects.get(migration.objectId)!
    const primary = [...catalog.copies.values()].find(copy => copy.objectId === object.id && copy.isPrimary)
    const isThere = primary?.locationId === targetLocationId && object.version.digests.sha256 !== null
    if (migration.state === end && isThere) continue
    const { error } = migration.evidence
    const words = error === undefined ? '' : `: ${error.message}`
    history.violate(
      'end',
      `an undisturbed move of ${migration.key} is ${migration.state}, not ${end}${words}`,
    )
  }
}
