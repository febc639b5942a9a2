import type { Retirement } from '../../api/schemas/retirement.ts'
import type { View } from '../output.ts'
import { bytesText, countText, timeText, usdText } from '../units.ts'

/** How a location is emptied, one line for each fact. */
export const retirementView: View<Retirement> = {
  name: ({ location }) => location,
  columns: [
    { header: 'LOCATION', value: ({ location }) => location },
    { header: 'STATE', value: stateText },
    { header: 'LEFT', value: ({ left }) => `${countText(left.copies)} copies, ${bytesText(left.bytes)}` },
    { header: 'READING IT OUT', value: ({ readOutUsd }) => priceText(readOutUsd, 'at most, once') },
    { header: 'RESTORING FIRST', value: ({ restore }) => restoreText(restore) },
    { header: 'KEEPING IT', value: ({ storageUsdPerMonth }) => priceText(storageUsdPerMonth, 'a month') },
    { header: 'MOVING', value: ({ unfinishedMigrations }) => countText(unfinishedMigrations) },
    { header: 'PINNED THERE', value: ({ pinned }) => countText(pinned) },
    {
      header: 'WRITTEN BY',
      value: ({ writtenBy }) => (writtenBy.length === 0 ? 'no bucket' : writtenBy.join(', ')),
    },
  ],
}

function stateText({ principal, since, state }: Retirement): string {
  return since === null ? state : `${state} since ${timeText(since)} by ${principal ?? 'somebody'}`
}

function priceText(usd: number | null, what: string): string {
  return usd === null ? 'has no price' : `${usdText(usd)} ${what}`
}

/** `12,000 copies have to be restored first: $3.20 of that, up to 12 hours`. */
function restoreText(restore: Retirement['restore']): string {
  if (restore === null) return 'nothing: it is online'
  const { copies, hoursMax, isPossible, usd } = restore
  if (isPossible === false) return `${countText(copies)} copies, which their store cannot restore: they stay`
  const price = usd === null ? 'without a price' : `${usdText(usd)} of reading it out`
  return `${countText(copies)} copies have to be restored first: ${price}, up to ${countText(hoursMax)} hours`
}
