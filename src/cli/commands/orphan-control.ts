import type { OrphanResource } from '../../api/schemas/reconcile.ts'
import { changeEach } from '../change-each.ts'
import type { Register } from '../command.ts'
import { orphanView } from '../views/reconcile.ts'

/** What a person can decide; the server refuses (exit code 6) what is not proven to be ours. */
const VERBS = {
  delete: 'delete bytes of a move of ours that has ended, or a retained or suspect copy, with every check',
  keep: 'leave them where they are; no run deletes them by itself',
  adopt: 'bring them back into the catalog: by an import, or as a copy when their digest proves it',
} as const

/** `dim orphan delete|keep|adopt` */
export const registerOrphanControl: Register = (noun, bind) => {
  for (const [verb, description] of Object.entries(VERBS))
    bind(noun.command(`${verb} <ids...>`).description(description), (session, _options, ...values) =>
      changeEach(session, values.flat(), orphanView, id =>
        session.api.post<OrphanResource>(`/v1/orphans/${id}/${verb}`),
      ),
    )
}
