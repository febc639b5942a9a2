/** Matches strings whose UTF-16 order may differ from the order of their UTF-8 bytes. */
const BEYOND_PLAIN_ORDER = /[\ud800-\uffff]/

/** Compares two keys by their UTF-8 bytes, the order in which every store lists. */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const leftUnit = left.charCodeAt(index)
    const rightUnit = right.charCodeAt(index)
    if (leftUnit !== rightUnit) return byteRankOf(leftUnit) - byteRankOf(rightUnit)
  }
  return left.length - right.length
}

/** Sorts keys in place by their UTF-8 bytes. */
export function sortKeys(keys: string[]): string[] {
  // The built-in order compares UTF-16 units, several times as fast, and is the same without surrogates.
  return keys.some(key => BEYOND_PLAIN_ORDER.test(key)) ? keys.sort(compareKeys) : keys.sort()
}

/** The index of the first key after `key` in sorted keys. */
export function indexAfter(sortedKeys: readonly string[], key: string): number {
  return lowerBound(sortedKeys, other => compareKeys(other, key) <= 0)
}

/** The index of the first key that is not below `key` in sorted keys. */
export function indexFrom(sortedKeys: readonly string[], key: string): number {
  return lowerBound(sortedKeys, other => compareKeys(other, key) < 0)
}

function lowerBound(sortedKeys: readonly string[], isBefore: (key: string) => boolean): number {
  let low = 0
  let high = sortedKeys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(sortedKeys[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

/** Surrogates stand for code points above U+FFFF, so they rank above every other unit. */
function byteRankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
