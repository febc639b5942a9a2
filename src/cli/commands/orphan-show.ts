import type { OrphanResource } from '../../api/schemas/reconcile.ts'
import type { Register } from '../command.ts'
import { checkedId } from '../references.ts'
import { orphanView } from '../views/reconcile.ts'

/** `dim orphan show` */
export const registerOrphanShow: Register = (noun, bind) => {
  bind(
    noun.command('show <id>').description('one orphan with all that is known of it'),
    async ({ api, out }, _, id) => {
      out.one(await api.get<OrphanResource>(`/v1/orphans/${checkedId(id)}`), orphanView)
    },
  )
}
