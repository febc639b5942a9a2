import type { ObjectId } from '../../domain/identifiers.ts'
import type { ObjectVersion } from '../../domain/object.ts'
import { arrayLiteral } from '../array-literal.ts'
import { type BatchOutcome, createBatcher } from '../batches.ts'
import type { Database } from '../postgres.ts'

/** One generation of an object's content. */
export interface VersionKey {
  readonly objectId: ObjectId
  readonly generation: number
}

/** What a store says of a version besides its bytes. */
export type SourceFacts = Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'>

const FACTS_MAX = 256

/**
 * Makes what keeps the facts of versions that were only listed until then, those that come at the same time with
 * one statement: the first move of an imported bucket learns them of every object. A version of which anything is
 * known already stays as it is.
 */
export function createSourceFactsKeeper(
  database: Database,
): (version: VersionKey, facts: SourceFacts) => Promise<void> {
  const keep = createBatcher<ReadFacts, undefined>({
    itemsMax: FACTS_MAX,
    runsMax: 1,
    run: async items => {
      const error = await errorOf(keepTogether(database, items))
      if (error === null) return items.map(() => ({ value: undefined }))
      if (items.length === 1) return [{ error }]
      // Metadata of one object that PostgreSQL cannot hold says nothing of the others.
      const outcomes: BatchOutcome<undefined>[] = []
      for (const item of items) {
        const alone = await errorOf(keepTogether(database, [item]))
        outcomes.push(alone === null ? { value: undefined } : { error: alone })
      }
      return outcomes
    },
  })
  return (version, facts) => keep({ version, facts })
}

interface ReadFacts {
  readonly version: VersionKey
  readonly facts: SourceFacts
}

function errorOf(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  )
}

async function keepTogether(database: Database, items: readonly ReadFacts[]): Promise<void> {
  const column = (fact: keyof SourceFacts) => items.map(({ facts }) => JSON.stringify(facts[fact]))
  await database.query({
    name: 'source_facts_keep',
    text: `
      with n as (
        select object_id, generation, headers::jsonb, metadata::jsonb, tags::jsonb
        from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
          as n (object_id, generation, headers, metadata, tags)
      ), unread as (
        select v.object_id, v.generation
        from object_version v
        join n on v.object_id = n.object_id and v.generation = n.generation
        where v.object_id = any ($1::uuid[]) and v.headers = '{}' and v.metadata = '{}' and v.tags = '{}'
        order by v.object_id
        for update of v
      )
      update object_version v set headers = n.headers, metadata = n.metadata, tags = n.tags
      from n, unread
      where v.object_id = any ($1::uuid[]) and v.object_id = n.object_id and v.generation = n.generation
        and unread.object_id = v.object_id and unread.generation = v.generation`,
    values: [
      arrayLiteral(items.map(({ version }) => version.objectId)),
      arrayLiteral(items.map(({ version }) => version.generation)),
      column('headers'),
      column('metadata'),
      column('tags'),
    ],
  })
}
