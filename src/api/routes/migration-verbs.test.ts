import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../../test/builders/api.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { addPlanRow } from '../../../test/builders/plan-row.ts'
import { isEndState, MIGRATION_STATES, type MigrationState } from '../../domain/migration.ts'
import type { PLAN_STATES } from '../schemas/plan.ts'

type PlanState = (typeof PLAN_STATES)[number]

/** `yes`: it changes something. `same`: it is so already, and nothing changes. `no`: refused, nothing changes. */
type Verdict = 'yes' | 'same' | 'no'
/** Of a migration: neither, paused by itself, and asked to be cancelled. */
const FLAGS = ['plain', 'paused', 'cancelling'] as const
const VERBS = ['pause', 'resume', 'cancel', 'urgency'] as const
type Row = Readonly<Record<(typeof VERBS)[number], readonly [Verdict, Verdict, Verdict]>>

/** Before the switch, where a request to cancel ends it. */
const BEFORE_SWITCH: Row = {
  pause: ['yes', 'same', 'no'],
  resume: ['same', 'yes', 'same'],
  cancel: ['yes', 'yes', 'same'],
  urgency: ['yes', 'yes', 'no'],
}
/** A request to cancel came too late: it can be paused like any other. */
const AFTER_SWITCH: Row = {
  pause: ['yes', 'same', 'yes'],
  resume: ['same', 'yes', 'same'],
  cancel: ['no', 'no', 'no'],
  urgency: ['yes', 'yes', 'yes'],
}
const ENDED: Row = {
  pause: ['no', 'no', 'no'],
  resume: ['no', 'no', 'no'],
  cancel: ['no', 'no', 'no'],
  urgency: ['no', 'no', 'no'],
}

/** What people may ask of a move in each state; each column is one of {@link FLAGS}. */
const OF_MIGRATIONS: Readonly<Record<MigrationState, Row>> = {
  planned: BEFORE_SWITCH,
  'waiting-restore': BEFORE_SWITCH,
  copying: BEFORE_SWITCH,
  copied: BEFORE_SWITCH,
  verifying: BEFORE_SWITCH,
  verified: BEFORE_SWITCH,
  switched: AFTER_SWITCH,
  grace: AFTER_SWITCH,
  'deleting-source': AFTER_SWITCH,
  done: ENDED,
  aborted: ENDED,
  quarantined: ENDED,
  retained: ENDED,
  'rolled-back': ENDED,
}

/** Verbs with an effect beyond the row; only their refusals are asked for here. */
const RETRIED: readonly MigrationState[] = ['aborted', 'quarantined', 'retained']
const ROLLED_BACK: readonly MigrationState[] = ['switched', 'grace']
const UNDONE: readonly MigrationState[] = ['done', 'retained']

/** Of a plan in each state, not paused and paused: pausing, letting go on, rejecting, approving, urgency. */
const OF_PLANS: Readonly<
  Record<PlanState, Readonly<Record<'pause' | 'resume' | 'reject' | 'urgency', readonly [Verdict, Verdict]>>>
> = {
  proposed: {
    pause: ['yes', 'same'],
    resume: ['same', 'yes'],
    reject: ['yes', 'yes'],
    urgency: ['yes', 'yes'],
  },
  approved: {
    pause: ['yes', 'same'],
    resume: ['same', 'yes'],
    reject: ['no', 'no'],
    urgency: ['yes', 'yes'],
  },
  applied: { pause: ['no', 'no'], resume: ['no', 'no'], reject: ['no', 'no'], urgency: ['no', 'no'] },
  rejected: { pause: ['no', 'no'], resume: ['no', 'no'], reject: ['no', 'no'], urgency: ['no', 'no'] },
  superseded: { pause: ['no', 'no'], resume: ['no', 'no'], reject: ['no', 'no'], urgency: ['no', 'no'] },
}

describe('what people may ask in each state', () => {
  let world: MovingWorld
  let api: TestApi
  let id: string
  let planId: string
  beforeAll(async () => {
    world = await createMovingWorld()
    api = await startTestApi(world.test.database)
    planId = await addPlanRow(world.test.database)
    await world.addObject('k', sampleOf(10))
    id = await world.plan('k')
  })
  afterAll(async () => {
    await api.app.close()
    await world.dispose()
  })

  const query = (text: string, values: unknown[]) => world.test.database.query(text, values)

  async function putInto(state: MigrationState, flags: (typeof FLAGS)[number]): Promise<void> {
    const [isEnded, isSwitched] = [
      isEndState(state),
      ['switched', 'grace', 'deleting-source'].includes(state),
    ]
    await query(
      `update migration set state = $2, paused = $3, cancel_requested = $4, priority = 50,
         not_before = '2100-01-01', finished_at = case when $5 then now() end,
         ended_by = case when $5 then 'cancelled' end, grace_until_ms = case when $6 then 0 end
       where id = $1`,
      [id, state, flags === 'paused', flags === 'cancelling', isEnded, isSwitched],
    )
  }

  const rowOf = async (table: 'migration' | 'plan') => {
    const { rows } = await query(`select * from ${table} where id = $1`, [table === 'plan' ? planId : id])
    return JSON.stringify(rows[0])
  }

  const askMigration = (verb: string) =>
    verb === 'urgency'
      ? api.send('PATCH', `/v1/migrations/${id}`, { role: 'operator', body: { priority: 7 } })
      : api.send('POST', `/v1/migrations/${id}/${verb}`, { role: 'operator', body: {} })

  async function verdictOf(
    table: 'migration' | 'plan',
    ask: () => ReturnType<typeof askMigration>,
  ): Promise<Verdict> {
    const before = await rowOf(table)
    const answer = await ask()
    const isChanged = (await rowOf(table)) !== before
    if (answer.statusCode === 200) return isChanged ? 'yes' : 'same'
    expect(answer.statusCode).toBe(409)
    expect(answer.json().detail).toMatch(/\w/)
    expect(isChanged, 'a refusal changes nothing').toBe(false)
    return 'no'
  }

  it.each(MIGRATION_STATES)('of a migration that is %s', async state => {
    for (const verb of VERBS)
      for (const [index, flags] of FLAGS.entries()) {
        await putInto(state, flags)
        const { can } = (await api.send('GET', `/v1/migrations/${id}`, { role: 'viewer' })).json()
        const verdict = await verdictOf('migration', () => askMigration(verb))
        expect(verdict, `${verb}, ${flags}`).toBe(OF_MIGRATIONS[state][verb][index])
        if (verb !== 'urgency') expect(can[verb], `can ${verb}, ${flags}`).toBe(verdict === 'yes')
      }
    for (const [verb, states] of [
      ['retry', RETRIED],
      ['rollback', ROLLED_BACK],
      ['undo', UNDONE],
    ] as const)
      for (const flags of FLAGS) {
        if (states.includes(state)) continue
        await putInto(state, flags)
        expect(await verdictOf('migration', () => askMigration(verb)), `${verb}, ${flags}`).toBe('no')
      }
  })

  it.each(Object.keys(OF_PLANS) as PlanState[])('of a plan that is %s', async state => {
    for (const [verb, verdicts] of Object.entries(OF_PLANS[state]))
      for (const [index, verdict] of verdicts.entries()) {
        await query(
          `update plan set state = $2, paused_at = $3, priority = null,
             closed_at = case when $2 = 'applied' then now() end
           where id = $1`,
          [planId, state, index === 1 ? new Date(0) : null],
        )
        const ask = () =>
          verb === 'urgency'
            ? api.send('PATCH', `/v1/plans/${planId}`, { role: 'operator', body: { priority: 7 } })
            : api.send('POST', `/v1/plans/${planId}/${verb}`, { role: 'operator', body: {} })
        expect(await verdictOf('plan', ask), `${verb}, ${index === 1 ? 'paused' : 'not paused'}`).toBe(
          verdict,
        )
      }
    if (state === 'proposed') return
    const approve = () =>
      api.send('POST', `/v1/plans/${planId}/approve`, { role: 'operator', body: { exceptDecisionIds: [] } })
    expect(await verdictOf('plan', approve), 'approve').toBe('no')
  })

  it('says why a migration that is being cancelled is not paused', async () => {
    await putInto('copying', 'cancelling')
    const { detail } = (await askMigration('pause')).json()
    expect(detail).toBe('the migration is being cancelled, which ends it: pause would have no effect')
  })
})
