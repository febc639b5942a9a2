import type { PlanResource } from '../../api/schemas/plan.ts'
import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'
import { planView } from '../views/plan.ts'

/** `dim plan pause` and `dim plan resume` */
export const registerPlanPause: Register = (noun, bind) => {
  const pause = noun
    .command('pause <id>')
    .description('take up none of its migrations, now or when it is approved; running ones rest')
    .option('--reason <text>', 'why; shown wherever the pause is')
  bind<{ reason?: string }>(pause, async ({ api, out }, options, id) => {
    out.one(await api.post<PlanResource>(`/v1/plans/${checkedId(id)}/pause`, options), planView)
  })
  bind(
    noun.command('resume <id>').description('let a paused plan go on'),
    async ({ api, out }, _options, id) => {
      out.one(await api.post<PlanResource>(`/v1/plans/${checkedId(id)}/resume`), planView)
    },
  )
}
