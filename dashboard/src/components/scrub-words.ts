import type { ScrubStatus } from '../api/types.ts'
import { formatShare, formatUsd } from '../format/quantity.ts'
import { SCRUB_VERDICT_WORDS } from './upkeep-words.ts'

type Verdicts = ScrubStatus['today']['verdicts']

/** One verdict with how many copies got it. */
interface VerdictPart {
  readonly name: string
  readonly meaning: string
  readonly alarming: boolean
  readonly copies: number
}

/** The verdicts that copies got, bad ones first; those that none got are left out. */
export function verdictParts(verdicts: Verdicts): readonly VerdictPart[] {
  return (Object.keys(SCRUB_VERDICT_WORDS) as (keyof Verdicts)[])
    .map(verdict => ({ ...SCRUB_VERDICT_WORDS[verdict], copies: verdicts[verdict] ?? 0 }))
    .filter(({ copies }) => copies > 0)
    .toSorted((left, right) => Number(right.alarming) - Number(left.alarming))
}

/** How much of the day's dollars are spent, of those a process was set to; null while none said how many. */
export function scrubBudget({ settings, today }: Pick<ScrubStatus, 'settings' | 'today'>): {
  readonly share: number | null
  readonly note: string
} {
  const perDay = settings.usdPerDay
  if (typeof perDay !== 'number') return { share: null, note: 'no budget is known' }
  if (perDay === 0) return { share: null, note: 'only what costs nothing is looked at' }
  const share = today.usd / perDay
  return { share, note: `${formatShare(share)} of ${formatUsd(perDay)} per day` }
}
