import { type Random, randomInteger } from './random.ts'

/** Which objects are asked for, and how unevenly; it may drift, so that what was hot cools down. */
export interface Popularity {
  /** Draws one object. Range: 0 up to, not including, the number of objects. */
  draw(random: Random): number
  /** Gives this many randomly chosen objects each other's popularity, two at a time. */
  drift(random: Random, objects: number): void
}

/**
 * Zipf's law: the object of rank r is asked for in proportion to 1 / r^skew. Ranks are dealt to objects by
 * chance, so that popular keys are not neighbours.
 *
 * Range: `objects` 1 and more; `skew` 0 (all alike) and more, 0.6 to 1.2 for web and archive traffic.
 */
export function zipfPopularity(objects: number, skew: number, random: Random): Popularity {
  const cumulative = cumulativeZipf(objects, skew)
  const total = cumulative[objects - 1]!
  const objectOfRank = shuffled(objects, random)
  return {
    draw: source => objectOfRank[rankAt(cumulative, source.next() * total)]!,
    drift(source, count) {
      for (let swap = 0; swap < count / 2; swap++) {
        const [left, right] = [randomInteger(source, objects), randomInteger(source, objects)]
        const object = objectOfRank[left]!
        objectOfRank[left] = objectOfRank[right]!
        objectOfRank[right] = object
      }
    },
  }
}

function cumulativeZipf(objects: number, skew: number): Float64Array {
  const cumulative = new Float64Array(objects)
  let sum = 0
  for (let rank = 0; rank < objects; rank++) {
    sum += (rank + 1) ** -skew
    cumulative[rank] = sum
  }
  return cumulative
}

function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = randomInteger(random, last + 1)
    const kept = order[last]!
    order[last] = order[other]!
    order[other] = kept
  }
  return order
}

/** The first rank whose cumulative weight is above the target. */
function rankAt(cumulative: Float64Array, target: number): number {
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cumulative[middle]! > target) high = middle
    else low = middle + 1
  }
  return low
}
