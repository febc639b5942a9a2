import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { newId } from '../../domain/identifiers.ts'
import { isEndState, MIGRATION_STATES } from '../../domain/migration.ts'
import type { MigrationEvent } from '../../domain/migration-record.ts'
import { isPermitted, stepsFrom } from '../../migration/transitions.ts'
import { StoreError } from '../../stores/object-store.ts'
import {
  cancelMigration,
  type MigrationCommandResult,
  pauseMigration,
  resumeMigration,
  retryMigration,
  rollBackMigration,
} from './migration-commands.ts'
import {
  countFinishedMigrations,
  countQuarantinedMigrations,
  countUnfinishedMigrations,
  listMigrations,
  listMigrationTimeline,
} from './migration-views.ts'

const BYTES = sampleOf(500)
const principal = 'user:alice' as const
const UNFINISHED = MIGRATION_STATES.filter(state => !isEndState(state))
const statesOf = (event: MigrationEvent) =>
  MIGRATION_STATES.filter(state => isPermitted('move', state, event))

describe('what people ask of a migration', () => {
  let world: MovingWorld
  let id: string
  beforeEach(async () => {
    world = await createMovingWorld()
    await world.addObject('k', BYTES)
    id = await world.plan('k')
  })
  afterEach(() => world.dispose())

  const database = () => world.test.database
  const pause = () =>
    pauseMigration(database(), {
      id,
      principal,
      permittedIn: UNFINISHED,
      cancellableIn: statesOf('cancelled'),
    })
  const resume = () => resumeMigration(database(), { id, principal, permittedIn: UNFINISHED })
  const cancel = () => cancelMigration(database(), { id, principal, permittedIn: statesOf('cancelled') })
  const retry = () => retryMigration(database(), { id, principal, permittedIn: statesOf('retried') })
  const rollBack = () =>
    rollBackMigration(database(), {
      id,
      principal,
      stepOf: state =>
        statesOf('rolled-back').includes(state) ? stepsFrom('move', state, ['rolled-back'])[0]! : null,
      modelNow: 7,
      look: ({ container, nativeKey }) =>
        world.stores.hot.head(container, nativeKey).catch((error: unknown) => {
          if (error instanceof StoreError && error.kind === 'not-found') return null
          throw error
        }),
    })
  const kindOf = async (result: Promise<MigrationCommandResult>) => (await result).kind

  it('pauses and goes on', async () => {
    expect(await kindOf(pause())).toBe('done')
    expect(await world.work()).toBe(0)
    expect(await kindOf(resume())).toBe('done')
    await world.work()
    expect((await world.migration(id)).state).toBe('grace')
    expect(await world.timeline(id)).toEqual(
      expect.arrayContaining(['planned', 'pause-requested', 'resume-requested', 'switch-won']),
    )
  })

  it('pauses a running migration before its next step', async () => {
    const atBoundary = async (boundary: string) => {
      if (boundary === 'source-read') await pause()
    }
    await world.work({ atBoundary })
    expect(await world.migration(id)).toMatchObject({ state: 'verifying', paused: true, leaseOwner: null })
    await resume()
    await world.work()
    expect((await world.migration(id)).state).toBe('grace')
  })

  it('cancels before the switch, also what is paused, and leaves nothing at the target', async () => {
    await pause()
    expect(await kindOf(cancel())).toBe('done')
    await world.work()
    expect((await world.migration(id)).state).toBe('aborted')
    await world.sweep()
    expect(await world.copies('k')).toHaveLength(1)
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('does not pause what is being cancelled, and asks for the same thing once', async () => {
    expect(await kindOf(cancel())).toBe('done')
    expect(await kindOf(cancel())).toBe('done')
    expect(await kindOf(pause())).toBe('being-cancelled')
    expect(await world.migration(id)).toMatchObject({ paused: false, cancelRequested: true })
    expect(await world.timeline(id)).toEqual(['planned', 'cancel-requested'])
    await world.work()
    expect((await world.migration(id)).state).toBe('aborted')
  })

  it('leaves the rest of a migration as it is that is let go on without a pause', async () => {
    await database().query(`update migration set not_before = now() + interval '1 hour' where id = $1`, [id])
    expect(await kindOf(resume())).toBe('done')
    expect(await world.work()).toBe(0)
    expect(await world.timeline(id)).toEqual(['planned'])
  })

  it('cancels a running migration', async () => {
    const atBoundary = async (boundary: string) => {
      if (boundary === 'source-read') await cancel()
    }
    await world.work({ atBoundary })
    expect((await world.migration(id)).state).toBe('aborted')
    await world.sweep()
    expect(await world.copies('k')).toHaveLength(1)
  })

  it('does not cancel after the switch, nor retry what has not ended', async () => {
    expect(await kindOf(retry())).toBe('not-now')
    await world.work()
    expect(await kindOf(cancel())).toBe('not-now')
  })

  it('rolls back inside grace: the source is primary again at once', async () => {
    expect(await kindOf(rollBack())).toBe('not-now')
    await world.work()
    expect(await kindOf(rollBack())).toBe('done')
    expect(await world.migration(id)).toMatchObject({ state: 'rolled-back' })
    expect(await world.read('k')).toEqual(BYTES)
    expect(await world.work()).toBe(0)
    await world.sweep()
    expect(await world.copies('k')).toMatchObject([{ isPrimary: true, locationId: world.locationIds.hot }])
    await expect(world.stores.cold.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('does not roll back to a source that its store lost, or that cannot be asked', async () => {
    await world.work()
    const { hot } = world.stores
    world.stores.hot = { ...hot, head: () => Promise.reject(new Error('no answer')) }
    await expect(rollBack()).rejects.toThrow('no answer')
    world.stores.hot = hot
    await hot.delete('data', 'k')
    expect(await kindOf(rollBack())).toBe('source-lost')
    await world.sweep()
    expect(await world.migration(id)).toMatchObject({ state: 'grace' })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('does not roll back once the deletion began', async () => {
    await world.work()
    world.endGrace()
    await world.letTimePass()
    let refused: string | null = null
    const atBoundary = async (boundary: string) => {
      if (boundary === 'deletion-intended') refused = await kindOf(rollBack())
    }
    await world.work({ atBoundary })
    expect(refused).toBe('not-now')
    expect((await world.migration(id)).state).toBe('done')
  })

  it('retries an ended migration as a first try, while the object is the same', async () => {
    await cancel()
    await world.work()
    expect(await kindOf(retry())).toBe('done')
    expect(await world.migration(id)).toMatchObject({ state: 'planned', attempt: 0, cancelRequested: false })
    await world.work()
    expect((await world.migration(id)).state).toBe('grace')
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('retries a repair where the bad copy lies, as long as it lies there', async () => {
    await world.addObject('broken', BYTES)
    await database().query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, native_key, size,
                         entered_ms, scrub_verdict, principal)
       values ($1, $2, 1, $3, 'suspect', false, 'elsewhere/k', 500, 0, 'corrupt', 'user:test')`,
      [world.objectId('broken'), newId(), world.locationIds.cold],
    )
    const repair = await world.plan('broken', { kind: 'repair' })
    const end = () =>
      database().query(
        `update migration set state = 'quarantined', finished_at = now(), ended_by = 'attempts-exhausted'
         where id = $1`,
        [repair],
      )
    const again = () =>
      retryMigration(database(), { id: repair, principal, permittedIn: ['quarantined', 'aborted'] })
    await end()
    expect(await kindOf(again())).toBe('done')
    expect((await world.migration(repair)).evidence.targetKey).toBe('elsewhere/k')
    await end()
    await database().query(`delete from copy where state = 'suspect'`)
    expect(await kindOf(again())).toBe('object-changed')
  })

  it.each(['move', 'add-copy'] as const)(
    'does not retry a %s into a place that has a copy by now',
    async kind => {
      await world.addObject('two', BYTES)
      const added = await world.plan('two', { kind })
      await database().query(
        `update migration set state = 'aborted', finished_at = now(), ended_by = 'cancelled' where id = $1`,
        [added],
      )
      const again = () => retryMigration(database(), { id: added, principal, permittedIn: ['aborted'] })
      const { rowCount } = await database().query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', false, 500, 0, 'user:test')`,
        [world.objectId('two'), newId(), world.locationIds.cold],
      )
      expect(rowCount).toBe(1)
      expect(await kindOf(again())).toBe('object-changed')
      await database().query(`delete from copy where not is_primary and object_id = $1`, [
        world.objectId('two'),
      ])
      expect(await kindOf(again())).toBe('done')
    },
  )

  it('does not retry what another migration does, or what changed', async () => {
    await cancel()
    await world.work()
    const other = await world.plan('k')
    expect(await kindOf(retry())).toBe('object-busy')
    await database().query('delete from migration_event where migration_id = $1', [other])
    await database().query('delete from migration where id = $1', [other])
    await database().query('update object set generation = 2')
    expect(await kindOf(retry())).toBe('object-changed')
  })

  it('knows no migration of another id', async () => {
    id = newId()
    for (const command of [pause, resume, cancel, retry, rollBack]) {
      expect(await kindOf(command())).toBe('not-found')
    }
  })

  it('shows migrations by page and filter, their counts and their timeline', async () => {
    await world.addObject('l', BYTES)
    const second = await world.plan('l', { direction: 'promotion' })
    const all = await listMigrations(database(), { limit: 10 })
    expect(all.map(one => one.id)).toEqual([second, id])
    expect(all[1]).toMatchObject({
      bucketName: 'photos',
      source: { name: 'hot', tier: 'hot' },
      target: { name: 'cold', tier: 'cold' },
    })
    const idsOf = async (filter: object) =>
      (await listMigrations(database(), { limit: 10, ...filter })).map(one => one.id)
    expect(await idsOf({ beforeId: second })).toEqual([id])
    expect(await idsOf({ direction: 'promotion' })).toEqual([second])
    expect(await idsOf({ state: 'done' })).toEqual([])
    expect(await idsOf({ isActive: true, objectId: world.objectId('k') })).toEqual([id])
    expect(await countUnfinishedMigrations(database())).toEqual([
      { state: 'planned', migrations: 2, bytes: 1_000 },
    ])
    await cancel()
    await world.work()
    expect(await countFinishedMigrations(database(), new Date(0))).toEqual([
      { state: 'aborted', migrations: 1, bytes: 500, failures: 0 },
    ])
    const timeline = await listMigrationTimeline(database(), id)
    expect(timeline.map(entry => entry.worker)).toEqual(['user:test', 'user:alice', 'worker-1'])
  })

  it('counts as failed what an error ended, not what a person or a newer write did', async () => {
    const ends = () => countFinishedMigrations(database(), new Date(0))
    await cancel()
    await world.work()
    await world.addObject('placed-anew', BYTES)
    const overtaken = await world.plan('placed-anew')
    await database().query('update object set placement_version = placement_version + 1')
    await world.work()
    expect((await world.migration(overtaken)).state).toBe('aborted')
    expect(await ends()).toEqual([{ state: 'aborted', migrations: 2, bytes: 1_000, failures: 0 }])
    await world.addObject('lost', BYTES)
    const lost = await world.plan('lost')
    await world.stores.hot.delete('data', 'lost')
    await world.work()
    expect(await ends()).toEqual([{ state: 'aborted', migrations: 3, bytes: 1_500, failures: 1 }])
    expect(await countQuarantinedMigrations(database())).toBe(0)
    await database().query(`update migration set state = 'quarantined' where id = $1`, [lost])
    expect(await countQuarantinedMigrations(database())).toBe(1)
    expect((await ends()).map(({ state, failures }) => [state, failures])).toEqual([
      ['aborted', 0],
      ['quarantined', 1],
    ])
  })
})
