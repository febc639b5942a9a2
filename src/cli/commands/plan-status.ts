import type { PlanStatus } from '../../api/schemas/queue.ts'
import { type Register, watching, withWatch } from '../command.ts'
import { checkedId } from '../references.ts'
import { planStatusView } from '../views/queue.ts'

/** `dim plan status` */
export const registerPlanStatus: Register = (noun, bind) => {
  const command = withWatch(
    noun
      .command('status <id>')
      .description('how far a plan is: how much, how fast, until when, what keeps it'),
  )
  bind<{ watch?: number | true }>(command, (session, { watch }, id) => {
    const path = `/v1/plans/${checkedId(id)}/status`
    return watching(session, watch, async () =>
      session.out.one(await session.api.get<PlanStatus>(path), planStatusView),
    )
  })
}
