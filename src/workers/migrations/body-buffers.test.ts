import { describe, expect, it } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import { createBodyBuffers } from './body-buffers.ts'

const { signal: never } = new AbortController()

describe('body buffers', () => {
  it('lend no more than their bound and let the others wait in their order', async () => {
    const buffers = createBodyBuffers(16 * MIB)
    const first = await buffers.take(8 * MIB, never)
    const second = await buffers.take(4 * MIB, never)
    expect([first.bytes.byteLength, second.bytes.byteLength]).toEqual([8 * MIB, 4 * MIB])
    const order: string[] = []
    const third = buffers.take(8 * MIB, never).then(buffer => {
      order.push('third')
      return buffer
    })
    const fourth = buffers.take(10, never).then(() => order.push('fourth'))
    await Promise.resolve()
    expect(order).toEqual([])
    first.giveBack(true)
    await third
    second.giveBack(false)
    second.giveBack(false)
    await fourth
    expect(order).toEqual(['third', 'fourth'])
  })

  it('lend one body that is larger than their bound when nobody else has one', async () => {
    const buffers = createBodyBuffers(MIB)
    const small = await buffers.take(1, never)
    const large = buffers.take(20 * MIB, never)
    small.giveBack(true)
    expect((await large).bytes.byteLength).toBe(20 * MIB)
  })

  it('take no more memory for a body than the next doubling of a megabyte', async () => {
    const buffers = createBodyBuffers(16 * MIB)
    const taken = await Promise.all(Array.from({ length: 4 }, () => buffers.take(3 * MIB, never)))
    expect(taken.map(({ bytes }) => bytes.byteLength)).toEqual(Array(4).fill(3 * MIB))
    for (const buffer of taken) buffer.giveBack(true)
    const [small, again] = [await buffers.take(MIB, never), await buffers.take(4 * MIB, never)]
    expect(taken.map(({ bytes }) => bytes.buffer)).toContain(again.bytes.buffer)
    expect([small.bytes.buffer.byteLength, again.bytes.buffer.byteLength]).toEqual([MIB, 4 * MIB])
  })

  it('forget whoever gives up waiting', async () => {
    const buffers = createBodyBuffers(8 * MIB)
    const held = await buffers.take(8 * MIB, never)
    const giver = new AbortController()
    const given = buffers.take(8 * MIB, giver.signal)
    const next = buffers.take(8 * MIB, never)
    giver.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    held.giveBack(true)
    expect((await next).bytes.byteLength).toBe(8 * MIB)
  })
})
