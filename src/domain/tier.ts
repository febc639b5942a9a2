/** The label a location carries, for people and for threshold policies, hottest first. */
export const TIERS = ['hot', 'warm', 'cold'] as const
export type Tier = (typeof TIERS)[number]

/** How cold a tier is: 0 for hot, 1 for warm, 2 for cold. */
export function coldnessOf(tier: Tier): number {
  return TIERS.indexOf(tier)
}
