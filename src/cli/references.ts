import type { Api } from './api.ts'
import { CliError, EXIT } from './exit-codes.ts'

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Nouns whose items have names beside their ids. */
const NAMED = {
  store: '/v1/stores',
  location: '/v1/locations',
  bucket: '/v1/buckets',
  policy: '/v1/policies',
} as const
export type NamedNoun = keyof typeof NAMED

/** The item with this name or id. Throws with exit code 3 when there is none. */
export async function findNamed<Item extends { id: string; name: string }>(
  api: Api,
  noun: NamedNoun,
  nameOrId: string,
): Promise<Item> {
  if (GUID.test(nameOrId)) return api.get<Item>(`${NAMED[noun]}/${nameOrId}`)
  const { items } = await api.list<Item>(NAMED[noun], {}, Number.POSITIVE_INFINITY)
  const found = items.find(item => item.name === nameOrId)
  if (found !== undefined) return found
  const names = items.slice(0, 10).map(item => item.name)
  const known = names.length === 0 ? `there is no ${noun} yet` : `known: ${names.join(', ')}`
  throw new CliError(EXIT.notFound, `there is no ${noun} "${nameOrId}" (${known})`)
}

/** Path of an item in the API. */
export function namedPath(noun: NamedNoun, id: string): string {
  return `${NAMED[noun]}/${id}`
}

/** The id as it goes into a path. Throws with exit code 2 when it is none. */
export function checkedId(id: string): string {
  if (GUID.test(id)) return id
  throw new CliError(EXIT.usage, `"${id}" is no id: ids look like 0190b5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b`)
}

/** Bucket and key of `s3://bucket/key` or `bucket/key`. The key is kept exactly. */
export function parseObjectAddress(text: string): { bucket: string; key: string } {
  const [, bucket, key] = /^([^/]+)\/([\s\S]+)$/.exec(text.replace(/^s3:\/\//, '')) ?? []
  if (bucket === undefined || key === undefined)
    throw new CliError(EXIT.usage, `"${text}" names no object: write s3://bucket/key`)
  return { bucket, key }
}

/** Path of an object in the API. Slashes are encoded too, because URLs swallow `..` between them. */
export function objectApiPath(address: { bucket: string; key: string }): string {
  return `/v1/objects/${encodeURIComponent(address.bucket)}/${encodeURIComponent(address.key)}`
}
