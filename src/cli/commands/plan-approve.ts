import type { PlanResource } from '../../api/schemas/plan.ts'
import { type Register, repeated } from '../command.ts'
import { checkedId } from '../references.ts'
import { warnWhenStopped } from '../stop-warning.ts'
import { planView } from '../views/plan.ts'

/** `dim plan approve` */
export const registerPlanApprove: Register = (noun, bind) => {
  const command = noun
    .command('approve <id>')
    .description('let a proposed plan be applied')
    .option('--except <decision>', 'leave this decision out (repeat)', repeated)
  bind<{ except?: string[] }>(command, async (session, options, id) => {
    const { api, out } = session
    const exceptDecisionIds = (options.except ?? []).map(checkedId)
    out.one(
      await api.post<PlanResource>(`/v1/plans/${checkedId(id)}/approve`, { exceptDecisionIds }),
      planView,
    )
    await warnWhenStopped(session)
  })
}
