/** A repeatable source of chance: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform. Range: 0 up to, not including, 1. */
  next(): number
}

/**
 * The sfc32 generator (Chris Doty-Humphrey, PractRand), seeded from any text by 32-bit FNV-1a. Not for
 * secrets.
 */
export function seededRandom(seed: string): Random {
  let [a, b, c, counter] = [fnv1a(`${seed}/a`), fnv1a(`${seed}/b`), fnv1a(`${seed}/c`), 1]
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first outputs still resemble the seed.
  for (let round = 0; round < 12; round++) next()
  return { next }
}

/** A whole number, uniform. Range: 0 up to, not including, `below`. */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(random.next() * below)
}

/** The waiting time to the next event of a steady Poisson process, in the unit of 1 / rate. */
export function randomWait(random: Random, rate: number): number {
  return -Math.log(1 - random.next()) / rate
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash | 0
}
