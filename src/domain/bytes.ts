/** A number of bytes. Range: an integer from 0 to 2^53 - 1. */
export type Bytes = number

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const TIB = 1024 * GIB

/** The gigabyte of price lists unless a price book says otherwise. */
export const GB = 1_000_000_000

/**
 * The size class of an object: the exponent of the largest power of two that is not above its size, or -1
 * for 0 bytes. Usage is counted per size class, so that minimum billable sizes (powers of two at every
 * vendor) can be priced exactly from the counts alone.
 *
 * Range: -1 to 52.
 */
export function sizeClassOf(size: Bytes): number {
  return size < 1 ? -1 : Math.floor(Math.log2(size))
}
