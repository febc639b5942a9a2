import { createCRC64, type IHasher } from 'hash-wasm'

/** The polynomial of CRC-64/NVME as hash-wasm wants it: reflected. Its check value is ae8b14860a799888. */
const POLYNOMIAL = '9a6c9329ac4bc9b5'

/**
 * Each hasher is a WebAssembly instance, which takes longer to make than a small object to hash: used again.
 */
const idle: IHasher[] = []
const IDLE_MAX = 64

/** A CRC-64/NVME that grows with the bytes it is fed. One that is dropped unfinished is just forgotten. */
export interface Crc64Nvme {
  update(bytes: Uint8Array): void
  /** The digest of everything fed, 16 lower-case hexadecimal digits. Called once, last. */
  finish(): string
}

/** Starts a CRC-64/NVME, the digest S3 keeps of every object. */
export async function startCrc64Nvme(): Promise<Crc64Nvme> {
  const hasher = (idle.pop() ?? (await createCRC64(POLYNOMIAL))).init()
  return {
    update: bytes => void hasher.update(bytes),
    finish() {
      const digest = hasher.digest('hex')
      if (idle.length < IDLE_MAX) idle.push(hasher)
      return digest
    },
  }
}

/** The polynomial as powers of x in reflected order: bit 63 is x^0. */
const REFLECTED = BigInt(`0x${POLYNOMIAL}`)
const ONE = 1n << 63n
const CRC_BITS = 64

/**
 * The CRC-64/NVME of two contents one after the other, from the digests of both and the length of the second.
 * Digests are as {@link Crc64Nvme.finish} tells them.
 *
 * Source: Mark Adler, crc32_combine of zlib: the first digest is multiplied by x^(8 * length) modulo the
 * polynomial.
 */
export function combineCrc64Nvme(first: string, second: string, secondBytes: number): string {
  const moved = multiply(BigInt(`0x${first}`), shiftOf(secondBytes))
  return (moved ^ BigInt(`0x${second}`)).toString(16).padStart(CRC_BITS / 4, '0')
}

/** The parts of an object are equally long but for the last: what shifts by the length before is kept. */
let shift = { bytes: 0, power: ONE }

function shiftOf(bytes: number): bigint {
  if (shift.bytes !== bytes) shift = { bytes, power: powerOfX(BigInt(bytes) * 8n) }
  return shift.power
}

/** x^exponent modulo the polynomial, by squaring. */
function powerOfX(exponent: bigint): bigint {
  let power = ONE
  let square = ONE >> 1n
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiply(power, square)
    square = multiply(square, square)
  }
  return power
}

/** The product of two reflected polynomials modulo the polynomial. */
function multiply(left: bigint, right: bigint): bigint {
  let product = 0n
  let shifted = right
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if (left & bit) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ REFLECTED : shifted >> 1n
  }
  return product
}
