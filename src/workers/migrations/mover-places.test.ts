import { describe, expect, it } from 'vitest'
import { newId } from '../../domain/identifiers.ts'
import { MoverPlaces } from './mover-places.ts'

const [well, sick] = [newId(), newId()]
const holder = (weight: number, ...storeIds: string[]) => ({ weight, storeIds: () => storeIds })

describe('the places of a mover', () => {
  it('are full when as much is held as there are places', () => {
    const places = new MoverPlaces({ places: 1, isAway: () => false })
    const [first, second] = [holder(0.5, well), holder(0.5, well)]
    places.take(first)
    expect(places.hasRoom).toBe(true)
    places.take(second)
    expect(places).toMatchObject({ hasRoom: false, held: 1, size: 2 })
    expect(places.setAside()).toBe(false)
    places.giveBack(first)
    expect(places).toMatchObject({ hasRoom: true, held: 0.5, size: 1 })
  })

  it('are not held by those who wait for a store that is away, once each', () => {
    let isAway = false
    const places = new MoverPlaces({ places: 2, isAway: storeId => isAway && storeId === sick })
    const [stuck, other] = [holder(1, well, sick), holder(1, well, well)]
    places.take(stuck)
    places.take(other)
    isAway = true
    expect(places.setAside()).toBe(true)
    expect(places).toMatchObject({ hasRoom: true, held: 1, size: 2 })
    expect(places.setAside()).toBe(false)
    places.giveBack(stuck)
    places.giveBack(stuck)
    expect(places).toMatchObject({ held: 1, size: 1 })
  })

  it('set aside no more than there are places', () => {
    const places = new MoverPlaces({ places: 1, isAway: () => true })
    const first = holder(1, sick)
    places.take(first)
    expect(places.setAside()).toBe(true)
    places.take(holder(1, sick))
    expect(places.setAside()).toBe(false)
    expect(places.hasRoom).toBe(false)
    places.giveBack(first)
    expect(places.setAside()).toBe(true)
  })
})
