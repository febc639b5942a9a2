import type { ScrubStatus } from '../../api/schemas/scrub.ts'
import type { View } from '../output.ts'
import { bytesText, countText, timeText, usdText } from '../units.ts'

/** The scrubber, one line for each fact. */
export const scrubView: View<ScrubStatus> = {
  name: ({ state }) => state,
  columns: [
    { header: 'STATE', value: stateText },
    {
      header: 'TODAY',
      value: ({ today }) =>
        `${countText(today.copies)} copies, ${bytesText(today.bytes)} read, ${usdText(today.usd)}`,
    },
    { header: 'FOUND TODAY', value: foundText },
    {
      header: 'OLDEST LOOK',
      value: ({ oldestLookAt }) => (oldestLookAt === null ? 'never' : timeText(oldestLookAt)),
    },
    { header: 'BAD COPIES', value: ({ badCopies }) => countText(badCopies) },
    { header: 'QUARANTINED', value: ({ quarantinedObjects }) => countText(quarantinedObjects) },
  ],
}

function stateText({ pause, state }: ScrubStatus): string {
  if (pause === null) return state === 'waiting' ? 'waiting: no process has the role scrubber' : state
  const because = pause.reason === null ? '' : `: ${pause.reason}`
  return `paused ${timeText(pause.at)} by ${pause.principal ?? 'somebody'}${because}`
}

function foundText({ today }: ScrubStatus): string {
  const found = Object.entries(today.verdicts).map(([verdict, count]) => `${countText(count)} ${verdict}`)
  return found.length === 0 ? 'nothing yet' : found.join(', ')
}
