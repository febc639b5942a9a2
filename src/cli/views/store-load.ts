import type { StoreLoad } from '../../api/schemas/store-load.ts'
import type { View } from '../output.ts'
import { bytesText, durationText, timeText } from '../units.ts'

/** What is asked of stores at present, by all processes together. */
export const storeLoadView: View<StoreLoad> = {
  name: ({ store }) => store.name,
  columns: [
    { header: 'STORE', value: ({ store }) => store.name },
    {
      header: 'REQUESTS',
      value: ({ budget }) =>
        usedText(
          budget?.requestsShare ?? null,
          budget?.requestsPerSecond ?? null,
          rate => `${rate} requests/s`,
        ),
    },
    {
      header: 'BYTES',
      value: ({ budget }) =>
        usedText(budget?.bytesShare ?? null, budget?.bytesPerSecond ?? null, rate => `${bytesText(rate)}/s`),
    },
    {
      header: 'WORK WAITS',
      value: ({ budget }) => (budget === null ? '-' : durationText(budget.waitSeconds)),
    },
    { header: 'ANSWERS', value: answersText },
    {
      header: 'LEFT ALONE BY',
      value: ({ leftAloneBy }) => leftAloneBy.map(({ process }) => process).join(', ') || '-',
      wide: true,
    },
  ],
}

/** For example `83 % of 20.0 MiB/s`; above 100 % where clients spend more than all of it. */
function usedText(share: number | null, rate: number | null, text: (rate: number) => string): string {
  return share === null || rate === null ? 'not limited' : `${Math.round(share * 100)} % of ${text(rate)}`
}

function answersText({ leftAloneBy }: StoreLoad): string {
  const [first] = leftAloneBy
  if (first === undefined) return 'yes'
  const processes = leftAloneBy.length === 1 ? '1 process' : `${leftAloneBy.length} processes`
  return `no: left alone by ${processes} since ${timeText(first.since)}`
}
