import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { suspectLostCopy } from './reconcile-matches.ts'

describe('a copy that reconcile finds lost', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  const quarantined = async () => {
    const { rows } = await world.test.database.query('select quarantined_because as because from object')
    return rows[0]!.because !== null
  }

  it('is left alone while its storage class is being changed, and suspect afterwards', async () => {
    world = await createMovingWorld()
    await world.addObject('k', sampleOf(500))
    const [copy] = await world.copies('k')
    const id = await world.plan('k', {
      kind: 'reclassify',
      sourceCopyId: copy!.id,
      targetCopyId: copy!.id,
      targetLocationId: world.locationIds.infrequent,
    })
    const suspect = () => suspectLostCopy(world.test.database, copy!, 'changed', 'other bytes lie there')
    await suspect()
    expect(await world.copies('k')).toMatchObject([{ state: 'complete' }])
    expect(await quarantined()).toBe(false)
    await world.test.database.query(
      `update migration set state = 'aborted', finished_at = now(), ended_by = 'superseded' where id = $1`,
      [id],
    )
    await suspect()
    expect(await world.copies('k')).toMatchObject([{ state: 'suspect' }])
    expect(await quarantined()).toBe(true)
  })
})
