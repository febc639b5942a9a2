import type { StoreResource } from '../../api/schemas/store.ts'
import type { View } from '../output.ts'
import { bytesText, timeText } from '../units.ts'

export const storeView: View<StoreResource> = {
  name: store => store.name,
  columns: [
    { header: 'NAME', value: store => store.name },
    { header: 'KIND', value: store => store.kind },
    { header: 'STATE', value: stateText },
    { header: 'DRILL', value: drillText },
    { header: 'BUDGET', value: store => store.budget.map(windowText).join('; ') || '-' },
    { header: 'CREDENTIALS', value: store => (store.hasCredentials ? 'sealed' : 'none') },
    { header: 'SETTINGS', value: store => JSON.stringify(store.settings) },
    {
      header: 'AT ONCE',
      value: store =>
        store.requestsAtOnceMax === null ? 'adapts' : `adapts up to ${store.requestsAtOnceMax}`,
      wide: true,
    },
    { header: 'ID', value: store => store.id, wide: true },
    { header: 'CREATED', value: store => timeText(store.createdAt), wide: true },
    { header: 'BY', value: store => store.principal, wide: true },
    { header: 'REFUSED WITH', value: store => store.refusal?.answer ?? '-', wide: true },
    { header: 'PAUSED BECAUSE', value: store => store.pause?.reason ?? '-', wide: true },
  ],
}

/** The state, and what a person has to do about it. */
function stateText({ name, refusal, state }: StoreResource): string {
  if (refusal === null) return state
  return `${state} since ${timeText(refusal.at)}: give it others with dim store set ${name}, or dim store resume ${name}`
}

function drillText({ drill, isForDrills }: StoreResource): string {
  if (drill === null) return isForDrills ? 'permitted' : '-'
  const faults = [...new Set(drill.rules.map(rule => rule.fault))].join(', ')
  return `${faults} until ${timeText(drill.until)}`
}

/** One window of a budget, for example `20 MiB/s and 100 requests/s from 08:00 to 18:00 Europe/Berlin`. */
function windowText(window: StoreResource['budget'][number]): string {
  const rates = [
    ...(window.bytesPerSecond === undefined ? [] : [`${bytesText(window.bytesPerSecond)}/s`]),
    ...(window.requestsPerSecond === undefined ? [] : [`${window.requestsPerSecond} requests/s`]),
  ]
  const hours =
    window.from === undefined ? '' : ` from ${window.from} to ${window.to} ${window.timeZone ?? 'UTC'}`
  return `${rates.join(' and ')}${hours}`
}
