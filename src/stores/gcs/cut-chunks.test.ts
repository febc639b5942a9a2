import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutChunks } from './cut-chunks.ts'

describe('chunks of one size', () => {
  it('hold the same bytes, and only the last is shorter', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (given, chunkBytes) => {
        async function* source() {
          yield* given
        }
        const chunks: Uint8Array[] = []
        for await (const chunk of cutChunks(source(), chunkBytes)) chunks.push(chunk)
        expect(Buffer.concat(chunks).equals(Buffer.concat(given))).toBe(true)
        expect(chunks.slice(0, -1).every(chunk => chunk.byteLength === chunkBytes)).toBe(true)
        const last = chunks.at(-1)?.byteLength ?? 1
        expect(last > 0 && last <= chunkBytes).toBe(true)
      }),
    )
  })
})
