import type { StoreRow } from '../database/catalog/stores.ts'
import { timeText } from './present.ts'
import type { StoreResource } from './schemas/store.ts'

/** A store as the API shows it. */
export function presentStore(store: StoreRow): StoreResource {
  const { drill } = store
  return {
    id: store.id,
    name: store.name,
    kind: store.kind,
    state: store.state,
    settings: { ...store.settings },
    hasCredentials: store.hasCredentials,
    budget: store.budget.map(window => ({ ...window })),
    requestsAtOnceMax: store.requestsAtOnceMax,
    isForDrills: store.isForDrills,
    drill:
      drill === null
        ? null
        : { rules: drill.rules.map(ruleOf), seed: drill.seed, until: timeText(drill.until) },
    pause:
      store.pausedAt === null
        ? null
        : { at: timeText(store.pausedAt), reason: store.pausedBecause, principal: store.pausedBy },
    refusal:
      store.refusedAt === null ? null : { at: timeText(store.refusedAt), answer: store.refusedBecause },
    revision: store.revision,
    createdAt: timeText(store.createdAt),
    principal: store.principal,
  }
}

function ruleOf({ on, ...rule }: NonNullable<StoreRow['drill']>['rules'][number]) {
  return on === undefined ? rule : { ...rule, on: [...on] }
}
