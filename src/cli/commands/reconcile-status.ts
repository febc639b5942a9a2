import type { ReconcileRunResource } from '../../api/schemas/reconcile.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { checkedId } from '../references.ts'
import { reconcileView } from '../views/reconcile.ts'

/** `dim reconcile status` */
export const registerReconcileStatus: Register = (noun, bind) => {
  const command = noun
    .command('status [id]')
    .description('how far a comparison of a container with the catalog is, or all of them')
  bind<{ limit: number }>(withListOptions(command), async ({ api, out }, options, id) => {
    if (id !== undefined)
      out.one(await api.get<ReconcileRunResource>(`/v1/reconcile-runs/${checkedId(id)}`), reconcileView)
    else {
      const { items } = await api.list<ReconcileRunResource>('/v1/reconcile-runs', {}, limitOf(options))
      out.list(items, reconcileView)
    }
  })
}
