import type { DeletionAnnouncement } from '../../database/writes/deletions-in-flight.ts'
import {
  type PublicationAnnouncement,
  PublicationInFlight,
  type PublicationPlace,
} from '../../database/writes/publications-in-flight.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import type { Process } from '../clock/process.ts'
import type { SimulatedWorld } from './simulated-world.ts'

/**
 * What a request may take after it was announced, and what a store may take after that; as the database
 * counts.
 */
const LANDS_WITHIN_MS = 30_000

/** Makes durable that bytes are about to go. */
export async function announceDeletion(
  world: SimulatedWorld,
  process: Process,
  copy: { readonly id: string; readonly objectId: ObjectId },
): Promise<DeletionAnnouncement> {
  const { landsUntil, isRepeated } = await world.database.ask(process, async () => {
    if (isPublicationInFlight(world, copy.objectId)) throw new PublicationInFlight(copy.objectId)
    const { deletionsInFlight } = world.catalog
    const former = deletionsInFlight.get(copy.id)
    // What was announced before and not answered may land whatever becomes of this one.
    if (former !== undefined) deletionsInFlight.set(world.newId(), former)
    const landsUntil = world.scheduler.now() + LANDS_WITHIN_MS
    deletionsInFlight.set(copy.id, { objectId: copy.objectId, landsUntil })
    return { landsUntil, isRepeated: former !== undefined }
  })
  const withdraw = () =>
    world.database.ask(process, async () => {
      const { deletionsInFlight } = world.catalog
      if (deletionsInFlight.get(copy.id)?.landsUntil !== landsUntil) return
      if (!isRepeated) deletionsInFlight.delete(copy.id)
      else deletionsInFlight.set(copy.id, { objectId: copy.objectId, landsUntil: world.scheduler.now() })
    })
  return { isRepeated, withdraw }
}

/** Makes durable that bytes are about to be sent to a store that cannot compare, as the database does. */
export async function announcePublication(
  world: SimulatedWorld,
  process: Process,
  place: PublicationPlace,
): Promise<PublicationAnnouncement> {
  const { database, publicationsInFlight, scheduler } = world
  const id = world.newId()
  const announce = () =>
    publicationsInFlight.set(id, { ...place, landsUntil: scheduler.now() + LANDS_WITHIN_MS })
  const isAlive = () => (publicationsInFlight.get(id)?.landsUntil ?? 0) > scheduler.now()
  await database.ask(process, async () => {
    if (isPublicationInFlight(world, place.objectId, place.storeId))
      throw new PublicationInFlight(place.objectId)
    announce()
  })
  return {
    renew: () =>
      database.ask(process, async () => {
        if (!isAlive()) throw new Error('it has lapsed')
        announce()
      }),
    withdraw: () => database.ask(process, async () => void publicationsInFlight.delete(id)),
  }
}

/** Whether bytes of an object may still land, in this store or in any. */
export function isPublicationInFlight(world: SimulatedWorld, objectId: ObjectId, storeId?: string): boolean {
  return [...world.publicationsInFlight.values()].some(
    one =>
      one.objectId === objectId &&
      (storeId === undefined || one.storeId === storeId) &&
      one.landsUntil > world.scheduler.now(),
  )
}
