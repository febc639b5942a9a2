import type { ListedEntry } from '../../database/catalog/object-listing.ts'
import { element, fragment, type Xml } from '../xml/write-xml.ts'

/** The one owner of everything here, as listings and ACLs show it. */
export const OWNER = fragment([element('ID', 'data-in-motion'), element('DisplayName', 'data-in-motion')])

/** The entries of a page: objects first, then common prefixes, each group in order. */
export function entriesXml(
  entries: readonly ListedEntry[],
  encode: (text: string) => string,
  options: { owner: boolean },
): Xml[] {
  const contents: Xml[] = []
  const prefixes: Xml[] = []
  for (const entry of entries) {
    if (entry.commonPrefix !== null) {
      prefixes.push(element('CommonPrefixes', [element('Prefix', encode(entry.commonPrefix))]))
      continue
    }
    contents.push(
      element('Contents', [
        element('Key', encode(entry.key)),
        element('LastModified', entry.lastModified.toISOString()),
        element('ETag', `"${entry.etag}"`),
        element('Size', entry.size),
        ...(options.owner ? [element('Owner', OWNER)] : []),
        element('StorageClass', 'STANDARD'),
      ]),
    )
  }
  return [...contents, ...prefixes]
}
