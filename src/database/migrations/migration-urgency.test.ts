import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { addPlanRow } from '../../../test/builders/plan-row.ts'
import { HOUR } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import { listActivities } from '../people/activities.ts'
import { inTransaction } from '../postgres.ts'
import { markMissedDeadlines, setMigrationUrgency, setPlanUrgency } from './migration-urgency.ts'
import { listMigrations, listMigrationTimeline } from './migration-views.ts'
import { countUnfinished } from './queue-status.ts'

const principal = 'user:alice' as const
const soon = () => new Date(Date.now() + HOUR)
const past = () => new Date(Date.now() - HOUR)

describe('how urgent migrations are', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
  })
  afterEach(() => world.dispose())

  const database = () => world.test.database
  const planned = async (key: string, change = {}) => {
    await world.addObject(key, sampleOf(10))
    return world.plan(key, change)
  }
  const claim = async () =>
    (await world.ledger.claim({ worker: 'w', limit: 100, leaseMs: 60_000 })).map(({ id }) => id)
  const mark = () => markMissedDeadlines(database(), { limit: 100, principal: 'system:migrator' })
  const told = async () =>
    (await listActivities(database(), { beforeId: null, limit: 10 })).map(({ kind, subject }) => [
      kind,
      subject,
    ])

  it('takes the higher priority first, then the earlier deadline, and says who changed it', async () => {
    const [a, b, c] = [await planned('a'), await planned('b'), await planned('c')]
    await setMigrationUrgency(database(), b, { dueAt: soon() }, principal)
    await setMigrationUrgency(database(), c, { priority: 51 }, principal)
    expect(await claim()).toEqual([c, b, a])
    expect(await listMigrationTimeline(database(), c)).toMatchObject([
      { event: 'planned' },
      { event: 'urgency-changed', worker: principal, detail: { priority: 51 } },
    ])
  })

  it('changes a plan with its unfinished migrations, and those that are planned later', async () => {
    const plan = await addPlanRow(database())
    const first = await planned('a', { planId: plan })
    const dueAt = soon()
    const set = (urgency: object) =>
      inTransaction(database(), connection => setPlanUrgency(connection, plan, urgency))
    expect(await set({ priority: 90, dueAt })).toBe('done')
    const later = await planned('b', { planId: plan })
    const both = await listMigrations(database(), { planId: plan, limit: 10 })
    expect(both.map(({ id, priority, dueAt: due }) => [id, priority, due])).toEqual([
      [later, 90, dueAt],
      [first, 90, dueAt],
    ])
    await set({ dueAt: null })
    expect(await listMigrations(database(), { planId: plan, limit: 10 })).toMatchObject([
      { dueAt: null, priority: 90 },
      { dueAt: null, priority: 90 },
    ])
    await database().query(`update plan set state = 'rejected'`)
    expect(await set({ priority: 1 })).toBe('not-now')
  })

  it('knows nothing of strangers, and leaves alone what has ended', async () => {
    expect(await setMigrationUrgency(database(), newId(), { priority: 1 }, principal)).toBe('not-found')
    const id = await planned('a', { graceMs: 0 })
    await world.work()
    await world.letTimePass()
    await world.work()
    expect((await world.migration(id)).state).toBe('done')
    expect(await setMigrationUrgency(database(), id, { priority: 1 }, principal)).toBe('not-now')
  })

  it('tells once of a missed deadline, and marks it for ever', async () => {
    const id = await planned('a', { graceMs: 0 })
    await planned('b')
    await setMigrationUrgency(database(), id, { dueAt: past() }, principal)
    expect(await listMigrations(database(), { isOverdue: true, limit: 10 })).toMatchObject([{ id }])
    expect((await countUnfinished(database())).map(row => row.overdue)).toEqual([1])
    expect(await mark()).toEqual({ plans: 0, migrations: 1 })
    expect(await mark()).toEqual({ plans: 0, migrations: 0 })
    expect(await told()).toContainEqual(['migration.deadline-missed', id])
    await world.work()
    await world.letTimePass()
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'done', isOverdue: true })
  })

  it('meets the deadline with the switch, however long grace lasts', async () => {
    const id = await planned('a', { graceMs: 1_000_000_000 })
    await setMigrationUrgency(database(), id, { dueAt: soon() }, principal)
    await world.work()
    await database().query('update migration set due_at = $2 where id = $1', [id, past()])
    expect(await mark()).toEqual({ plans: 0, migrations: 0 })
    expect(await world.migration(id)).toMatchObject({ state: 'grace', isOverdue: false })
  })

  it('speaks once for all migrations of a plan', async () => {
    const plan = await addPlanRow(database(), { dueAt: past() })
    await planned('a', { planId: plan })
    await planned('b', { planId: plan })
    const moved = await addPlanRow(database(), { dueAt: past() })
    expect(moved).not.toBe(plan)
    expect(await mark()).toEqual({ plans: 1, migrations: 0 })
    expect(await told()).toContainEqual(['plan.deadline-missed', plan])
    expect(await listMigrations(database(), { isOverdue: true, limit: 10 })).toHaveLength(2)
  })
})
