/** The label a location carries, for people and for threshold policies, hottest first. */
export const TIERS = ['hot', 'warm', 'cold'] as const
export type Tier = (typeof TIERS)[number]
