import { BAD_VERDICTS } from '../../domain/scrub.ts'

/** SQL: whether a copy is not what its row says, by the last look at it; null where nobody looked. */
export function wasFoundBad(copy: string): string {
  return `${copy}.scrub_verdict in (${BAD_VERDICTS.map(verdict => `'${verdict}'`).join(', ')})`
}
