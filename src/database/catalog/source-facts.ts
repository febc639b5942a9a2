import type { ObjectId } from '../../domain/identifiers.ts'
import type { ObjectVersion } from '../../domain/object.ts'
import { arrayLiteral } from '../array-literal.ts'
import { type BatchOutcome, createBatcher } from '../batches.ts'
import type { Database } from '../postgres.ts'

/** What a store says of one generation of an object's content besides its bytes. */
interface ReadFacts {
  readonly version: { readonly objectId: ObjectId; readonly generation: number }
  readonly facts: Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'>
}

/** Keeps what a store says of a version; a version of which anything is known already stays as it is. */
export type KeepSourceFacts = (version: ReadFacts['version'], facts: ReadFacts['facts']) => Promise<void>

const FACTS_MAX = 256

/** How PostgreSQL's codes begin for values that it cannot hold. */
const DATA_EXCEPTION = '22'

/**
 * Makes what keeps the facts of versions that were only listed until then, those that come at the same time with
 * one statement: the first move of an imported bucket learns them of every object.
 */
export function createSourceFactsKeeper(database: Database): KeepSourceFacts {
  const keep = createBatcher<ReadFacts, undefined>({
    itemsMax: FACTS_MAX,
    runsMax: 1,
    run: async items => {
      try {
        await keepTogether(database, items)
        return items.map(() => ({ value: undefined }))
      } catch (error) {
        const isOfOne = String((error as { code?: unknown }).code).startsWith(DATA_EXCEPTION)
        if (items.length === 1 || !isOfOne) throw error
        return keepEach(database, items)
      }
    },
  })
  return (version, facts) => keep({ version, facts })
}

/** One after the other: metadata of one object that PostgreSQL cannot hold says nothing of the others. */
async function keepEach(database: Database, items: readonly ReadFacts[]): Promise<BatchOutcome<undefined>[]> {
  const outcomes: BatchOutcome<undefined>[] = []
  for (const item of items) {
    outcomes.push(
      await keepTogether(database, [item]).then(
        () => ({ value: undefined }),
        (error: unknown) => ({ error }),
      ),
    )
  }
  return outcomes
}

async function keepTogether(database: Database, items: readonly ReadFacts[]): Promise<void> {
  const column = (fact: keyof ReadFacts['facts']) => items.map(({ facts }) => JSON.stringify(facts[fact]))
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
