/** Lengths of time in milliseconds. */
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** The mean length of a month in days: 365.25 / 12. Prices per month are turned into prices per day by it. */
export const DAYS_PER_MONTH = 30.4375
