import { GIB } from '../domain/bytes.ts'
import { DAY, MINUTE } from '../domain/duration.ts'
import { Fleet, startCalamities } from './actors/calamities.ts'
import { isAtRest, startCrowd } from './actors/crowd.ts'
import { checkLastMoves, type LastMove, planLastMoves } from './actors/last-moves.ts'
import { type Scenario, scenarioOf } from './chaos/scenario.ts'
import { checkAtRest, checkChange, checkChanged } from './invariants.ts'
import type { Violation } from './world/history.ts'
import { CONTAINER } from './world/model-store.ts'
import { createWorld, type SimulatedWorld, seedObject, storeOf } from './world/simulated-world.ts'

/** How many turns one history may take before it counts as going on for ever. */
const TURNS_MAX = 60_000
/** After the last fault everything must have come to rest within so long, in model milliseconds. */
const REST_WITHIN_MS = 120 * MINUTE

/** What one simulated history showed. */
export interface SimulatedHistory {
  readonly seed: string
  readonly violation: Violation | null
  /** Of everything that happened, in its order: the same for the same seed. */
  readonly digest: string
  readonly turns: number
  readonly modelMs: number
  /** How migrations ended, by state. */
  readonly ends: Readonly<Record<string, number>>
  /** What happened, for people. */
  readonly lines: readonly string[]
}

/**
 * Lives through one history of the mover, the sweeper, clients, people and strangers on model stores and a
 * virtual clock: the shipped code, several processes at once, everything that may go wrong, no real time.
 * Everything follows from the seed.
 */
export async function runSeed(
  seed: string,
  scenario: Scenario = scenarioOf(seed),
): Promise<SimulatedHistory> {
  const world = createWorld(seed, scenario, checkChange)
  await populate(world)
  const begunAt = world.scheduler.now()
  let isCalm = false
  startCrowd(world, () => isCalm)
  startCalamities(world, new Fleet(world), () => isCalm)
  world.scheduler.add(scenario.chaosMs, null, () => {
    isCalm = true
    calm(world)
  })
  let last: readonly LastMove[] = []
  const isBroken = () => world.history.violation !== null
  const isLate = () => world.scheduler.now() - begunAt > scenario.chaosMs + REST_WITHIN_MS
  const untilRest = async () => {
    const end = await world.scheduler.run({
      isOver: () => isBroken() || isLate() || (isCalm && isAtRest(world)),
      afterTurn: () => checkChanged(world),
      turnsMax: TURNS_MAX,
    })
    if (end !== 'over') world.history.violate('end', `the history is ${end}`)
  }
  await untilRest()
  if (!isBroken()) last = await planLastMoves(world)
  if (last.length > 0) await untilRest()
  if (!isBroken() && isLate()) world.history.violate('end', tellUnrest(world))
  if (!isBroken()) {
    await abortLostUploads(world)
    await checkAtRest(world)
    checkLastMoves(world, last)
  }
  return {
    seed,
    violation: world.history.violation,
    digest: world.history.digest(),
    turns: world.scheduler.taken,
    modelMs: world.scheduler.now() - begunAt,
    ends: endsOf(world),
    lines: world.history.lines,
  }
}

async function populate(world: SimulatedWorld): Promise<void> {
  for (const store of world.stores) await store.inner.ensureContainer(CONTAINER)
  for (const mode of ['exclusive', 'shared'] as const) {
    for (let index = 0; index < world.scenario.objects[mode]; index++) {
      await seedObject(world, mode, `${mode}-${index}`, world.chaos.pick(world.scenario.sizes))
    }
  }
}

/** Nothing goes wrong any more, what people paused goes on, and full stores are given room. */
function calm(world: SimulatedWorld): void {
  const { catalog } = world
  world.note('calm')
  world.chaos.calm()
  world.clientChaos.calm()
  for (const store of world.stores) store.inner.setCapacity(GIB)
  for (const [id, migration] of catalog.migrations) {
    catalog.migrations.set(id, { ...migration, paused: false })
  }
}

/**
 * What workers/sweeping/abort-lost-uploads does a day later: uploads whose ids nobody wrote down are aborted.
 */
async function abortLostUploads(world: SimulatedWorld): Promise<void> {
  const { catalog, note, scheduler, uploadStarts } = world
  note(`a day later, ${scheduler.now() + DAY}`)
  for (const { store, key } of uploadStarts.values()) {
    // Upload ids of model stores repeat from store to store.
    const there = [...catalog.migrations.values()].filter(
      one => storeOf(world, one.targetLocationId) === store,
    )
    const needed = new Set(there.map(migration => migration.evidence.uploadId))
    for (const { uploadId } of await store.inner.multipart.list!(CONTAINER, key)) {
      if (!needed.has(uploadId)) await store.inner.multipart.abort(CONTAINER, key, uploadId)
    }
  }
}

function tellUnrest({ catalog, intents }: SimulatedWorld): string {
  const migrations = [...catalog.migrations.values()].map(({ key, state }) => `${key} ${state}`)
  const copies = [...catalog.copies.values()].map(copy => `${copy.nativeKey} ${copy.state}`)
  return `no rest: ${[...migrations, ...copies, `${intents.size} open writes`].join(', ')}`
}

function endsOf({ catalog }: SimulatedWorld): Record<string, number> {
  const ends: Record<string, number> = {}
  for (const { state } of catalog.migrations.values()) ends[state] = (ends[state] ?? 0) + 1
  return ends
}
