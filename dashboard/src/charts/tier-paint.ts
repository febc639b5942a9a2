/** The three tiers as charts draw them, in order. The colours are tokens and used for nothing else. */
export const TIER_PAINT = {
  hot: { letter: 'H', name: 'Hot', token: '--hot', fill: 'bg-hot', onFill: 'text-on-hot' },
  warm: { letter: 'W', name: 'Warm', token: '--warm', fill: 'bg-warm', onFill: 'text-on-warm' },
  cold: { letter: 'C', name: 'Cold', token: '--cold', fill: 'bg-cold', onFill: 'text-on-cold' },
} as const

export type PaintedTier = keyof typeof TIER_PAINT
export const PAINTED_TIERS = ['hot', 'warm', 'cold'] as const
