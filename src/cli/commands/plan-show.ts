import { Option } from 'commander'
import type { PlanFidelity } from '../../api/schemas/fidelity.ts'
import type { DecisionSummary, PlanDetail } from '../../api/schemas/plan.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { checkedId } from '../references.ts'
import { countText } from '../units.ts'
import { fidelityView } from '../views/fidelity.ts'
import { decisionView, planView, restoreText } from '../views/plan.ts'

/** `dim plan show`: the plan for people on standard error, its decisions as the answer. */
export const registerPlanShow: Register = (noun, bind) => {
  const command = withListOptions(
    noun.command('show <id>').description('what a plan would move, why and for how much'),
  ).addOption(
    new Option('--fidelity', 'what its moves could not take along, instead of its decisions').conflicts(
      'limit',
    ),
  )
  bind<{ limit: number; fidelity?: boolean }>(command, async ({ api, out }, options, id) => {
    const path = `/v1/plans/${checkedId(id)}`
    if (options.fidelity === true) {
      const report = await api.get<PlanFidelity>(`${path}/fidelity`)
      if (out.format === 'json' || out.format === 'yaml')
        return out.one(report, { name: ({ planId }) => planId, columns: [] })
      out.say(`of ${countText(report.objects)} objects, ${countText(report.unjudged)} could not be judged`)
      return out.list(report.reasons, fidelityView)
    }
    const plan = await api.get<PlanDetail>(path)
    const { items, hasMore } = await api.list<DecisionSummary>(`${path}/decisions`, {}, limitOf(options))
    if (out.format === 'json' || out.format === 'yaml')
      return out.one({ ...plan, decisions: items }, { name: planView.name, columns: [] })
    for (const column of planView.columns) out.say(`${column.header.toLowerCase()}: ${column.value(plan)}`)
    if (plan.restore !== null) out.say(`restoring first: ${restoreText(plan.restore)}`)
    out.list(items, decisionView)
    if (hasMore) out.say(`there are more than ${options.limit} decisions: --limit 0 prints all`)
  })
}
