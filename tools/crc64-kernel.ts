import openWabt from 'wabt'

/**
 * The WebAssembly of `src/domain/crc64-nvme-kernel.ts`. CRC-64 is a chain of table lookups, each of which waits
 * for the one before; four chains side by side keep a processor busy that one leaves waiting, and are put together
 * every {@link LANE_BYTES}. Source: M. E. Kounavis, F. L. Berry, A Systematic Approach to Building High Performance
 * Software-based CRC Generators (slicing by 8); M. Adler, crcany (lanes that are combined).
 *
 * Memory: 8 tables of 256 words of 8 bytes that move a register over the 8 bytes that were just folded in, 8 more
 * that move it over the bytes of one lane, and from 64 KiB on the bytes themselves.
 */
const LANES = 4
const LANE_BYTES = 2_048
const TABLE_BYTES = 256 * 8
const LANE_TABLES_AT = 8 * TABLE_BYTES

const lanes = Array.from({ length: LANES }, (_, lane) => lane)

/** The sum of eight lookups, one for each byte of a register whose halves are in `$low` and `$high`. */
function lookups(tablesAt: number, low: string, high: string): string {
  const words = Array.from({ length: 8 }, (_, byte) => {
    const half = byte < 4 ? low : high
    const shift = (byte % 4) * 8 - 3
    const moved = shift < 0 ? `(i32.shl ${half} (i32.const 3))` : `(i32.shr_u ${half} (i32.const ${shift}))`
    return `(i64.load offset=${tablesAt + (7 - byte) * TABLE_BYTES} (i32.and ${moved} (i32.const 2040)))`
  })
  return words.reduce((sum, word) => `(i64.xor ${sum} ${word})`)
}

/** Replaces a register by what eight lookups make of it. */
function move(register: string, tablesAt: number): string {
  return `
    (local.set $low (i32.wrap_i64 (local.get ${register})))
    (local.set $high (i32.wrap_i64 (i64.shr_u (local.get ${register}) (i64.const 32))))
    (local.set ${register} ${lookups(tablesAt, '(local.get $low)', '(local.get $high)')})`
}

function foldWord(register: string, offset: number): string {
  return `
    (local.set ${register} (i64.xor (local.get ${register}) (i64.load offset=${offset} (local.get $at))))
    ${move(register, 0)}`
}

const TEXT = `(module
  (memory (export "memory") 2)
  (func (export "run") (param $lane0 i64) (param $at i32) (param $end i32) (result i64)
    (local $low i32) (local $high i32) (local $laneEnd i32)
    ${lanes
      .slice(1)
      .map(lane => `(local $lane${lane} i64)`)
      .join(' ')}
    (block $blocksDone (loop $blocks
      (br_if $blocksDone
        (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const ${LANES * LANE_BYTES})))
      ${lanes
        .slice(1)
        .map(lane => `(local.set $lane${lane} (i64.const 0))`)
        .join(' ')}
      (local.set $laneEnd (i32.add (local.get $at) (i32.const ${LANE_BYTES})))
      (loop $words
        ${lanes.map(lane => foldWord(`$lane${lane}`, lane * LANE_BYTES)).join('')}
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $words (i32.lt_u (local.get $at) (local.get $laneEnd))))
      ${lanes
        .slice(1)
        .map(
          lane => `
      ${move('$lane0', LANE_TABLES_AT)}
      (local.set $lane0 (i64.xor (local.get $lane0) (local.get $lane${lane})))`,
        )
        .join('')}
      (local.set $at (i32.add (local.get $at) (i32.const ${(LANES - 1) * LANE_BYTES})))
      (br $blocks)))
    (block $wordsDone (loop $words
      (br_if $wordsDone (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
      ${foldWord('$lane0', 0)}
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $words)))
    (block $bytesDone (loop $bytes
      (br_if $bytesDone (i32.eq (local.get $at) (local.get $end)))
      (local.set $lane0 (i64.xor
        (i64.shr_u (local.get $lane0) (i64.const 8))
        (i64.load (i32.wrap_i64 (i64.and (i64.const 2040) (i64.shl
          (i64.xor (local.get $lane0) (i64.load8_u (local.get $at)))
          (i64.const 3)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $bytes)))
    (local.get $lane0)))`

/** The file `src/domain/crc64-nvme-kernel.ts`, made anew. */
export async function describeCrc64Kernel(): Promise<string> {
  const wabt = await openWabt()
  const { buffer } = wabt.parseWat('crc64-nvme.wat', TEXT).toBinary({})
  const base64 = Buffer.from(buffer).toString('base64')
  const lines = base64.match(/.{1,100}/g)!.map(line => `  '${line}'`)
  return `// Made by \`npm run generate\` from tools/crc64-kernel.ts; not to be edited.

/** Bytes that one of the kernel's four lanes runs over before they are put together. */
export const LANE_BYTES = ${LANE_BYTES}

/** WebAssembly that runs a CRC-64 over bytes in its memory, in base64. */
export const CRC64_KERNEL =
${lines.join(' +\n')}
`
}
