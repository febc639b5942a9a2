import type { StoreOperation } from '../store-operation.ts'
import { documentOf, type S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'
import { elementOf } from './xml-elements.ts'

/** Asks for the tags of an object, or of one version of it. */
export async function readTags(
  wire: S3Wire,
  operation: StoreOperation,
  container: string,
  versionId: string | null,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const version = versionId === null ? '' : `&versionId=${encodeForS3(versionId)}`
  const answer = await wire.send(operation, {
    method: 'GET',
    container,
    query: `tagging=${version}`,
    as: 'read',
    signal,
  })
  return tagsOf(await documentOf(answer))
}

function tagsOf(document: string): Record<string, string> {
  const tags = document.match(/<Tag>[\s\S]*?<\/Tag>/g) ?? []
  return Object.fromEntries(tags.map(tag => [elementOf(tag, 'Key') ?? '', elementOf(tag, 'Value') ?? '']))
}
