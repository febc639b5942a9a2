import type { ReconcileFindingResource } from '../../api/schemas/reconcile.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { checkedId } from '../references.ts'
import { findingView } from '../views/reconcile.ts'

/** `dim reconcile findings` */
export const registerReconcileFindings: Register = (noun, bind) => {
  const command = noun
    .command('findings <id>')
    .description('what a comparison found, key by key')
    .option('--verdict <verdict>', 'dark, forgotten, missing, changed, followed or parts')
  bind<{ limit: number; verdict?: string }>(withListOptions(command), async ({ api, out }, options, id) => {
    const { items } = await api.list<ReconcileFindingResource>(
      `/v1/reconcile-runs/${checkedId(id)}/findings`,
      options.verdict === undefined ? {} : { verdict: options.verdict },
      limitOf(options),
    )
    out.list(items, findingView)
  })
}
