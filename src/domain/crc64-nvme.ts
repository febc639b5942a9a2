import { KIB } from './bytes.ts'
import { CRC64_KERNEL, LANE_BYTES } from './crc64-nvme-kernel.ts'

/** The polynomial, reflected: bit 63 is x^0. Its check value is ae8b14860a799888. */
const POLYNOMIAL = 0x9a6c9329ac4bc9b5n
const CRC_BITS = 64
const ALL_ONES = (1n << 64n) - 1n
const WINDOW_AT = 64 * KIB
const WINDOW_BYTES = 64 * KIB

/** A CRC-64/NVME that grows with the bytes it is fed. One that is dropped unfinished is just forgotten. */
export interface Crc64Nvme {
  update(bytes: Uint8Array): void
  /** The digest of everything fed so far, 16 lower-case hexadecimal digits. */
  finish(): string
}

/** Starts a CRC-64/NVME, the digest S3 keeps of every object. */
export function startCrc64Nvme(): Crc64Nvme {
  kernel ??= openKernel()
  const { run, window } = kernel
  let register = ALL_ONES
  return {
    update(bytes) {
      for (let start = 0; start < bytes.byteLength; start += WINDOW_BYTES) {
        const piece = bytes.subarray(start, start + WINDOW_BYTES)
        window.set(piece)
        register = run(register, WINDOW_AT, WINDOW_AT + piece.byteLength)
      }
    },
    finish: () => hexOf(BigInt.asUintN(CRC_BITS, ~register)),
  }
}

interface Kernel {
  /** The register after the bytes of memory from `begin` to before `end`. */
  readonly run: (register: bigint, begin: number, end: number) => bigint
  /** Where in its memory bytes wait for it. */
  readonly window: Uint8Array
}

/** What of WebAssembly is needed here; Node's types leave it to those of browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: Readonly<Record<string, unknown>>
  }
}

/** One for all: it keeps nothing between two calls. */
let kernel: Kernel | null = null

function openKernel(): Kernel {
  const module = new WebAssembly.Module(Buffer.from(CRC64_KERNEL, 'base64'))
  const { exports } = new WebAssembly.Instance(module)
  const { buffer } = exports.memory as { readonly buffer: ArrayBuffer }
  new BigUint64Array(buffer).set([...movesOver(8), ...movesOver(LANE_BYTES)])
  return { run: exports.run as Kernel['run'], window: new Uint8Array(buffer, WINDOW_AT, WINDOW_BYTES) }
}

/**
 * What each byte of a register becomes when so many bytes of zero follow: 256 words for its last byte, 256 for
 * the one before, and so on. The register is their sum.
 */
function movesOver(bytes: number): bigint[] {
  const power = powerOfX(BigInt(bytes) * 8n)
  const bits = Array.from({ length: CRC_BITS }, (_, bit) => multiply(1n << BigInt(bit), power))
  const words: bigint[] = []
  for (let place = 7; place >= 0; place--) {
    for (let value = 0; value < 256; value++) {
      let word = 0n
      for (let bit = 0; bit < 8; bit++) if (value & (1 << bit)) word ^= bits[place * 8 + bit]!
      words.push(word)
    }
  }
  return words
}

/** x^0 in reflected order. */
const ONE = 1n << 63n

/**
 * The CRC-64/NVME of two contents one after the other, from the digests of both and the length of the second.
 * Digests are as {@link Crc64Nvme.finish} tells them.
 *
 * Source: Mark Adler, crc32_combine of zlib: the first digest is multiplied by x^(8 * length) modulo the
 * polynomial.
 */
export function combineCrc64Nvme(first: string, second: string, secondBytes: number): string {
  const moved = multiply(BigInt(`0x${first}`), shiftOf(secondBytes))
  return hexOf(moved ^ BigInt(`0x${second}`))
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
    shifted = shifted & 1n ? (shifted >> 1n) ^ POLYNOMIAL : shifted >> 1n
  }
  return product
}

function hexOf(digest: bigint): string {
  return digest.toString(16).padStart(CRC_BITS / 4, '0')
}
