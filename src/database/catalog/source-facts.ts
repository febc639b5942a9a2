import type { ObjectId } from '../../domain/identifiers.ts'
import type { ObjectVersion } from '../../domain/object.ts'
import type { Queryable } from '../postgres.ts'

/**
 * Keeps what a store says of a version that was only listed until then: headers, metadata and tags. A version
 * of which anything is known already stays as it is.
 */
export async function keepSourceFacts(
  queryable: Queryable,
  version: { readonly objectId: ObjectId; readonly generation: number },
  facts: Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'>,
): Promise<void> {
  await queryable.query({
    name: 'source_facts_keep',
    text: `update object_version set headers = $3, metadata = $4, tags = $5
           where object_id = $1 and generation = $2 and headers = '{}' and metadata = '{}' and tags = '{}'`,
    values: [
      version.objectId,
      version.generation,
      JSON.stringify(facts.headers),
      JSON.stringify(facts.metadata),
      JSON.stringify(facts.tags),
    ],
  })
}
