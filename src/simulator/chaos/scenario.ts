import { MINUTE, SECOND } from '../../domain/duration.ts'
import { seededRandom } from '../traffic/random.ts'
import type { StoreProfile } from '../world/model-store.ts'
import { Chaos, type FaultRates, NO_FAULTS } from './chaos.ts'

/** What one history is made of. */
export interface Scenario {
  readonly stores: readonly StoreProfile[]
  readonly rates: FaultRates
  readonly objects: { readonly exclusive: number; readonly shared: number }
  readonly sizes: readonly number[]
  readonly workers: number
  /** For so long things go wrong, in milliseconds. */
  readonly chaosMs: number
  readonly verification: 'reported' | 'read-back'
  readonly graceMs: readonly number[]
  readonly attemptsMax: number
  /** Who is there, and what happens to processes. */
  readonly has: {
    readonly writers: boolean
    readonly foreigners: boolean
    readonly people: boolean
    readonly kills: boolean
    readonly pauses: boolean
    readonly restarts: boolean
    /** Bits flip where bytes lie, of copies that are not the only good ones. */
    readonly rot: boolean
  }
}

const CAPACITY_BYTES = 1_000_000
/** How many histories have an archive. */
const ARCHIVE_RATE = 0.2

/** Draws a scenario: from a calm world to one in which everything goes wrong. */
export function scenarioOf(seed: string): Scenario {
  const dice = new Chaos(seededRandom(`${seed}/offline`), NO_FAULTS)
  const scenario = sceneOf(seed)
  return dice.happens(ARCHIVE_RATE) ? withArchive(scenario, dice) : scenario
}

/**
 * The same with an archive for a second store. A copy there cannot be read: it is proven by what the store reports, and
 * no bit of it rots, which nobody could find.
 */
function withArchive(scenario: Scenario, dice: Chaos): Scenario {
  const archive = {
    checksDigests: true,
    partsAbove: null,
    hasClasses: false,
    capacityBytes: CAPACITY_BYTES,
    restoreMs: dice.pick([SECOND, MINUTE, 5 * MINUTE]),
  }
  const stores = scenario.stores.map((profile, index) => (index === 1 ? { ...profile, ...archive } : profile))
  return { ...scenario, stores, verification: 'reported', has: { ...scenario.has, rot: false } }
}

function sceneOf(seed: string): Scenario {
  const dice = new Chaos(seededRandom(`${seed}/scenario`), NO_FAULTS)
  const some = (rate: number) => (dice.happens(0.5) ? rate * dice.next() : 0)
  const hasShared = dice.happens(0.35)
  const has = {
    writers: dice.happens(0.7),
    foreigners: hasShared && dice.happens(0.8),
    people: dice.happens(0.6),
    kills: dice.happens(0.6),
    pauses: dice.happens(0.4),
    restarts: dice.happens(0.35),
    rot: dice.happens(0.5),
  }
  const stores = [0, 1, ...(dice.happens(0.4) ? [2] : [])].map(() => profileOf(dice))
  // Without a conditional put nothing stops a publication between a look and a foreign write: see "What it
  // leaves out" in README.md.
  const mustCompare = hasShared
  return {
    stores: stores.map((profile, index) => ({
      ...profile,
      conditionalPut: profile.conditionalPut || mustCompare,
      capacityBytes: index === 0 ? CAPACITY_BYTES : profile.capacityBytes,
    })),
    rates: {
      refused: some(0.15),
      hangs: some(0.02),
      answerLost: some(0.1),
      databaseAnswerLost: some(0.03),
      landsLate: some(0.3),
      // Where nobody knows the right digest a flipped bit is content like any other.
      flips: has.foreigners ? 0 : some(0.3),
      truncates: some(0.1),
      stale: hasShared ? 0 : some(0.2),
      diesAtBoundary: has.kills ? some(0.1) : 0,
    },
    objects: { exclusive: dice.between(1, 3), shared: hasShared ? dice.between(1, 2) : 0 },
    sizes: [0, 1, 60, 700, 1_500],
    workers: dice.between(1, 3),
    chaosMs: dice.between(20, 60) * SECOND,
    verification: dice.happens(0.3) ? 'read-back' : 'reported',
    graceMs: dice.pick([[0], [2 * SECOND], [0, 2 * SECOND, 10 * SECOND]]),
    attemptsMax: dice.pick([2, 4, 8]),
    has,
  }
}

function profileOf(dice: Chaos): StoreProfile {
  return {
    conditionalPut: dice.happens(0.7),
    conditionalDelete: dice.happens(0.6),
    conditionalRead: dice.happens(0.7),
    checksDigests: dice.happens(0.6),
    partsAbove: dice.happens(0.5) ? 1_000 : null,
    capacityBytes: dice.happens(0.1) ? 2_000 : CAPACITY_BYTES,
    hasClasses: dice.happens(0.5),
    restoreMs: null,
  }
}
