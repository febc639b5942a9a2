import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { newId } from '../../domain/identifiers.ts'
import { createDeletionAnnouncer } from './deletions-in-flight.ts'
import {
  type AnnouncePublication,
  createPublicationAnnouncer,
  isPublicationInFlight,
  PublicationInFlight,
} from './publications-in-flight.ts'

describe('an announced publication', () => {
  let test: TestDatabase
  let announce: AnnouncePublication
  beforeAll(async () => {
    test = await createTestDatabase({ connectionsMax: 4 })
    announce = createPublicationAnnouncer(test.database)
  })
  afterAll(() => test.drop())

  const somewhere = () => ({ objectId: newId(), storeId: newId(), container: 'data' })
  const lapse = () =>
    test.database.query(`update publication_in_flight set lands_until = now() - interval '1 second'`)

  it('keeps others away from its place until it is withdrawn', async () => {
    const place = somewhere()
    const { withdraw } = await announce(place)
    await expect(announce(place)).rejects.toThrow(PublicationInFlight)
    expect(await isPublicationInFlight(test.database, place.objectId)).toBe(true)
    await withdraw()
    expect(await isPublicationInFlight(test.database, place.objectId)).toBe(false)
    await announce(place)
  })

  it('leaves other places and other objects alone', async () => {
    const place = somewhere()
    await announce(place)
    await announce({ ...place, container: 'other' })
    await announce({ ...place, storeId: newId() })
    await announce({ ...place, objectId: newId() })
  })

  it('lapses by itself, and is not renewed after that', async () => {
    const place = somewhere()
    const { renew, withdraw } = await announce(place)
    await renew()
    await lapse()
    await expect(renew()).rejects.toThrow('has lapsed')
    const next = await announce(place)
    await withdraw()
    expect(await isPublicationInFlight(test.database, place.objectId)).toBe(true)
    await next.withdraw()
  })

  it('keeps the bytes of its object from being deleted', async () => {
    const place = somewhere()
    const announceDeletion = createDeletionAnnouncer(test.database)
    const { withdraw } = await announce(place)
    const deletions = [place.objectId, newId()].map(objectId => announceDeletion({ id: newId(), objectId }))
    const outcomes = await Promise.allSettled(deletions)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    await withdraw()
    await announceDeletion({ id: newId(), objectId: place.objectId })
  })
})
