import type { Uuid } from '../../domain/identifiers.ts'
import type { PolicyDocument } from '../../domain/policy.ts'
import type { Principal } from '../../domain/principal.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'
import { requestReviews } from './review-sweeps.ts'

/** A policy as its row keeps it, with the names of the buckets it places. */
export interface PolicyRow {
  readonly id: Uuid
  readonly name: string
  /** As it was checked, with every default filled in. */
  readonly spec: PolicyDocument
  readonly buckets: readonly string[]
  readonly revision: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly principal: string
}

const SELECT = `
  select p.id, p.name, p.spec, p.revision, p.created_at as "createdAt", p.updated_at as "updatedAt",
         p.principal, array(select name from bucket where policy_id = p.id order by name) as buckets
  from policy as p`

/** The policy with this id, or null. */
export async function findPolicy(queryable: Queryable, id: Uuid): Promise<PolicyRow | null> {
  const { rows } = await queryable.query<PolicyRow>(`${SELECT} where p.id = $1`, [id])
  return rows[0] ?? null
}

/** The policies with these ids, without their buckets: what the planner decides by. */
export async function readPolicies(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Pick<PolicyRow, 'id' | 'spec' | 'revision'>[]> {
  const { rows } = await queryable.query<Pick<PolicyRow, 'id' | 'spec' | 'revision'>>({
    name: 'policy_read',
    text: `select id, spec, revision from policy where id = any ($1::uuid[])`,
    values: [ids],
  })
  return rows
}

/** The ids of the policies that allow only stores that encrypt. */
export async function listPoliciesRequiringEncryption(queryable: Queryable): Promise<Uuid[]> {
  const { rows } = await queryable.query<{ id: Uuid }>(
    `select id from policy where spec ->> 'encryption' = 'required' order by id`,
  )
  return rows.map(({ id }) => id)
}

/** One page of policies in the order of names, those after `afterName`. */
export async function listPolicies(
  queryable: Queryable,
  page: { afterName: string | null; limit: number },
): Promise<PolicyRow[]> {
  const { rows } = await queryable.query<PolicyRow>(
    `${SELECT}
     where $1::text is null or p.name collate "C" > $1
     order by p.name collate "C" limit $2`,
    [page.afterName, page.limit],
  )
  return rows
}

/** Adds a policy under its document's name. Resolves to whether the name was free. */
export async function insertPolicy(
  queryable: Queryable,
  policy: { id: Uuid; spec: PolicyDocument; principal: Principal },
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `insert into policy (id, name, spec, principal) values ($1, $2, $3, $4) on conflict do nothing`,
    [policy.id, policy.spec.name, JSON.stringify(policy.spec), policy.principal],
  )
  return rowCount === 1
}

/**
 * Gives a policy that still has this revision a new document and asks for reviews of every object it places,
 * in one transaction. Resolves to whether it did. The name stays, whatever the document says.
 */
export async function updatePolicy(
  database: Database,
  target: { id: Uuid; revision: number },
  spec: PolicyDocument,
  principal: Principal,
): Promise<boolean> {
  return inTransaction(database, async connection => {
    const { rowCount } = await connection.query(
      `update policy
       set spec = $3::jsonb || jsonb_build_object('name', name), revision = revision + 1,
           updated_at = now(), principal = $4
       where id = $1 and revision = $2`,
      [target.id, target.revision, JSON.stringify(spec), principal],
    )
    if (rowCount !== 1) return false
    await requestReviews(connection, { policyId: target.id, reason: 'policy-changed', principal })
    return true
  })
}
