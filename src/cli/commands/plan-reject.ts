import type { PlanResource } from '../../api/schemas/plan.ts'
import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'
import { planView } from '../views/plan.ts'

/** `dim plan reject` */
export const registerPlanReject: Register = (noun, bind) => {
  bind(
    noun.command('reject <id>').description('refuse a proposed plan'),
    async ({ api, out }, _options, id) => {
      out.one(await api.post<PlanResource>(`/v1/plans/${checkedId(id)}/reject`), planView)
    },
  )
}
