import type { Uuid } from '../../domain/identifiers.ts'
import type { ContentHeaders } from '../../domain/object.ts'
import type { Queryable } from '../postgres.ts'

/** What the catalog knows of the object of a decision, for judging what its move can take along. */
export interface DecisionFacts {
  readonly decisionId: Uuid
  readonly bucket: string
  readonly key: string
  readonly generation: number
  readonly fromStoreId: Uuid
  readonly toStoreId: Uuid
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly isLocked: boolean
  readonly requiresEncryption: boolean
}

/** A page of the decisions of a plan that nobody refused, with the facts of the versions they are about. */
export async function listDecisionFacts(
  queryable: Queryable,
  page: { readonly planId: Uuid; readonly afterId: Uuid | null; readonly limit: number },
): Promise<DecisionFacts[]> {
  const { rows } = await queryable.query<DecisionFacts>({
    name: 'plan_fidelity_facts',
    text: `
      select d.id as "decisionId", b.name as bucket, d.key, d.generation, source.store_id as "fromStoreId",
             target.store_id as "toStoreId", v.headers, v.metadata, v.tags,
             v.legal_hold or coalesce(v.retain_until > now(), false) as "isLocked",
             coalesce(policy.spec ->> 'encryption' = 'required', false) as "requiresEncryption"
      from decision d
      join plan p on p.id = d.plan_id
      join policy on policy.id = p.policy_id
      join bucket b on b.id = d.bucket_id
      join location source on source.id = d.from_location_id
      join location target on target.id = d.to_location_id
      join object_version v on v.object_id = d.object_id and v.generation = d.generation
      where d.plan_id = $1 and ($2::uuid is null or d.id > $2) and coalesce(d.verdict, 'approved') = 'approved'
      order by d.id limit $3`,
    values: [page.planId, page.afterId, page.limit],
  })
  return rows
}
