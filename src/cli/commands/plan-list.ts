import { Option } from 'commander'
import { PLAN_STATES, type PlanResource } from '../../api/schemas/plan.ts'
import { limitOf, type Register, watching, withListOptions, withWatch } from '../command.ts'
import { warnWhenStopped } from '../stop-warning.ts'
import { planView } from '../views/plan.ts'

/** `dim plan list` */
export const registerPlanList: Register = (noun, bind) => {
  const command = noun
    .command('list')
    .alias('ls')
    .description('plans, newest first')
    .addOption(new Option('--state <state>').choices(PLAN_STATES))
  bind<{ state?: string; limit: number; watch?: number | true }>(
    withWatch(withListOptions(command)),
    (session, { limit, watch, state }) =>
      watching(session, watch, async () => {
        await warnWhenStopped(session)
        const { items } = await session.api.list<PlanResource>('/v1/plans', { state }, limitOf({ limit }))
        session.out.list(items, planView)
      }),
  )
}
