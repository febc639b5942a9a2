import type { Overview, ScrubStatus, Store, StoreLoad } from '../api/types.ts'
import { formatCount, formatShare, formatUsd } from '../format/quantity.ts'
import { paths } from '../paths.ts'

/** Fuller than this, a location is somebody's concern. */
const CAPACITY_SHARE_MAX = 0.9

/** Something that waits for a person, and where to see to it. */
export interface Need {
  readonly text: string
  readonly path: string
  /** Red: something is wrong. Otherwise it only waits. */
  readonly urgent: boolean
}

/** Everything that waits for a person, worst first. */
export function needsOf(
  overview: Overview,
  stores: readonly Store[],
  scrub: ScrubStatus | undefined,
  loads: readonly StoreLoad[],
): readonly Need[] {
  const { migrations, events, plans, locations } = overview
  const needs: Need[] = []
  const add = (when: boolean, text: string, path: string, urgent: boolean) =>
    when && needs.push({ text, path, urgent })
  if (scrub !== undefined) {
    add(
      scrub.quarantinedObjects > 0,
      `${counted(scrub.quarantinedObjects, 'object')} without a good copy. Nothing of them is moved or deleted.`,
      paths.objects({ state: 'quarantined' }),
      true,
    )
    add(
      scrub.badCopies > 0,
      `${scrub.badCopies === 1 ? '1 bad copy' : `${formatCount(scrub.badCopies)} bad copies`} to be rebuilt.`,
      paths.upkeep(),
      true,
    )
  }
  for (const { leftAloneBy, store } of loads) {
    add(
      leftAloneBy.length > 0,
      `${store.name} does not answer. Readers go to other copies, moves rest.`,
      paths.stores(),
      true,
    )
  }
  for (const store of stores) {
    add(
      store.state === 'auth-failed',
      `${store.name} refuses our credentials. Moves there rest until it gets others.`,
      paths.stores(),
      true,
    )
  }
  add(
    migrations.quarantined > 0,
    `${counted(migrations.quarantined, 'move')} gave up. The objects are safe where they were.`,
    paths.migrations({ state: 'quarantined' }),
    true,
  )
  add(
    migrations.overdue > 0,
    `${counted(migrations.overdue, 'move')} missed the deadline.`,
    paths.migrations({ overdue: 'true', active: 'true' }),
    true,
  )
  add(
    events.deadLetters > 0,
    `${counted(events.deadLetters, 'event')} could not be understood.`,
    paths.events(),
    true,
  )
  for (const location of locations) {
    if (location.capacityBytes === null || location.capacityBytes === 0) continue
    const share = location.bytes / location.capacityBytes
    add(share >= CAPACITY_SHARE_MAX, `${location.name} is ${formatShare(share)} full.`, paths.stores(), true)
  }
  add(
    plans.proposed > 0,
    `${counted(plans.proposed, 'plan')} to decide, ${formatUsd(plans.proposedSavingUsd)} per month.`,
    paths.plans({ state: 'proposed' }),
    false,
  )
  add(
    migrations.paused > 0,
    `${counted(migrations.paused, 'move')} paused.`,
    paths.migrations({ active: 'true' }),
    false,
  )
  for (const store of stores) {
    add(store.drill !== null, `A drill at ${store.name}: requests fail on purpose.`, paths.stores(), false)
    add(store.state === 'paused', `${store.name} is paused: nothing is moved there.`, paths.stores(), false)
  }
  return needs
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}
