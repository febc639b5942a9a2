/** The polynomial of CRC-64/NVME, reflected: bit 63 holds x^0. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n
const ONE = 1n << 63n

/**
 * CRC-64/NVME of two pieces put together, from the digests of the pieces and the length of the second.
 * Digests are lower-case hexadecimal.
 *
 * The register of the first piece is carried over the second by multiplying it with x^(8·length) modulo the
 * polynomial; the initial and final inversions of both pieces cancel out.
 */
export function combineCrc64(first: string, second: string, secondLength: number): string {
  const shifted = multiply(BigInt(`0x${first}`), powerOfX(secondLength))
  return (shifted ^ BigInt(`0x${second}`)).toString(16).padStart(16, '0')
}

/** The factor of a length, remembered: the parts of an upload mostly have the same length. */
const factors = new Map<number, bigint>()
const FACTORS_MAX = 64

function powerOfX(lengthBytes: number): bigint {
  const known = factors.get(lengthBytes)
  if (known !== undefined) return known
  let result = ONE
  // x^8, squared for each bit of the length.
  let square = ONE >> 8n
  for (let left = BigInt(lengthBytes); left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = multiply(result, square)
    square = multiply(square, square)
  }
  if (factors.size >= FACTORS_MAX) factors.clear()
  factors.set(lengthBytes, result)
  return result
}

/** The product of two reflected polynomials modulo the generator. */
function multiply(left: bigint, right: bigint): bigint {
  let product = 0n
  let shifted = right
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if ((left & bit) !== 0n) product ^= shifted
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ POLYNOMIAL : shifted >> 1n
  }
  return product
}
