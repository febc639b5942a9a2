import { formatUsdChange } from '../format/quantity.ts'

/** A saving per month as the API splits it. */
interface Saving {
  readonly monthlySavingStorageUsd: number
  readonly monthlySavingReadsUsd: number
}

/** The two parts of a saving in words: storage +$1.20, reads −$0.40. */
export function savingParts(saving: Saving, format: (usd: number) => string = formatUsdChange): string {
  return `storage ${format(saving.monthlySavingStorageUsd)}, reads ${format(saving.monthlySavingReadsUsd)}`
}
