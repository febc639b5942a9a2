import { listPlacedLocations } from '../../database/catalog/locations.ts'
import { isStoreHeld } from '../../database/migrations/migration-holds.ts'
import type { Database } from '../../database/postgres.ts'
import { findNeededUploads, sweepAlone } from '../../database/upkeep/leftover-sweeps.ts'
import type { Clock } from '../../domain/clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { boundedSignal } from '../bounded-request.ts'
import type { Loop } from '../loop.ts'

/** Between two pages: with the pages' own bound, what a sweep may cost a disk. */
const PAGE_REST_MS = 2 * SECOND
/** From the end of one sweep to the beginning of the next. */
const EVERY_MS = HOUR
/** Longer than any writer sleeps between two of its steps. */
const AGE_MS = DAY
const PAGE_MS_MAX = MINUTE

/** What the sweeper of leftovers needs. */
export interface LeftoverSweepParts {
  readonly database: Database
  /** The open store with this id. Rejects with a `StoreError`. Whoever opens stores closes them. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  readonly wallClock: Clock
  readonly log: Logger
}

/** A container that is to be swept, and where its sweep goes on. */
interface ContainerToSweep {
  readonly storeId: Uuid
  readonly container: string
  readonly cursor: string | null
}

/**
 * The loop that removes what dead processes left out of sight in the containers of all locations, at its start
 * and every hour, page by page, by one process at a time. A container whose store fails,
 * is paused or refuses our credentials is left to the next sweep. What somebody's upload needs stays, however old.
 */
export function createLeftoverSweeper(parts: LeftoverSweepParts): Loop {
  const { database, log, wallClock } = parts
  let containers: ContainerToSweep[] = []
  let nextSweepAt = 0

  async function begin(): Promise<void> {
    const places = new Map(
      (await listPlacedLocations(database)).map(({ container, store }) => [
        `${store.id} ${container}`,
        { storeId: store.id, container, cursor: null },
      ]),
    )
    containers = [...places.values()]
  }

  /** Resolves to the rest of the container's sweep, or to null at its end. */
  async function sweepPage(todo: ContainerToSweep, signal: AbortSignal): Promise<ContainerToSweep | null> {
    if (await isStoreHeld(database, todo.storeId)) return null
    const store = await parts.openStore(todo.storeId)
    if (store.sweepLeftovers === undefined) return null
    const { container, cursor } = todo
    const { removed, cursor: next } = await store.sweepLeftovers(container, {
      unmodifiedSince: wallClock.now() - AGE_MS,
      neededUploads: uploadIds => findNeededUploads(database, uploadIds),
      signal: boundedSignal(signal, PAGE_MS_MAX),
      ...(cursor === null ? {} : { cursor }),
    })
    if (removed > 0) log.info({ store: store.name, container, removed }, 'leftovers were swept')
    return next === null ? null : { ...todo, cursor: next }
  }

  return {
    name: 'sweep-leftovers',
    idleMs: PAGE_REST_MS,
    /** One page. Resolves to 0 always, so that the loop rests after each. */
    async step(signal) {
      if (wallClock.now() < nextSweepAt) return 0
      if (containers.length === 0) await begin()
      const todo = containers.shift()
      if (todo !== undefined) {
        const swept = await sweepAlone(database, async () => ({ rest: await sweepPage(todo, signal) })).catch(
          (error: unknown) => {
            log.warn({ error, storeId: todo.storeId }, 'a container could not be swept of leftovers')
            return { rest: null }
          },
        )
        // Another process sweeps: this one looks again when that one has long come to its end.
        if (swept === null) containers = []
        else if (swept.rest !== null) containers.unshift(swept.rest)
      }
      if (containers.length === 0) nextSweepAt = wallClock.now() + EVERY_MS
      return 0
    },
  }
}
