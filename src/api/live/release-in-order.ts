/** A row of a sequence whose numbers are given out before they are committed. */
export interface Numbered {
  readonly id: number
}

/** Numbers that were missing, and since when (wall milliseconds). */
export type Gaps = ReadonlyMap<number, number>

/**
 * Splits rows, which ascend from `lastId`, into those that may be shown now and those that must wait for a
 * smaller number still to appear. Two transactions may commit in the other order than they took their numbers;
 * showing the later first would make a reader that resumes after it miss the earlier.
 *
 * A number missing for `patienceMs` belongs to a transaction that rolled back and is passed over. Numbers
 * before `rows` are watched up to `gapMax` of them; a longer gap is passed over at once.
 */
export function releaseInOrder<Row extends Numbered>(
  rows: readonly Row[],
  lastId: number,
  known: Gaps,
  options: { now: number; patienceMs: number; gapMax: number },
): { released: Row[]; gaps: Gaps } {
  const gaps = new Map<number, number>()
  const released: Row[] = []
  let expected = lastId + 1
  for (const row of rows) {
    if (row.id - expected <= options.gapMax)
      for (let missing = expected; missing < row.id; missing++) {
        const since = known.get(missing) ?? options.now
        if (options.now - since < options.patienceMs) gaps.set(missing, since)
      }
    if (gaps.size > 0) break
    released.push(row)
    expected = row.id + 1
  }
  return { released, gaps }
}
