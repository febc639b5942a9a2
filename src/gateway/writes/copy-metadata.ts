import { type CopyDescription, copyDescriptionMetadata } from '../../domain/copy-description.ts'
import type { ContentHeaders } from '../../domain/object.ts'
import type { PutFacts, StoreCapabilities } from '../../stores/object-store.ts'

/**
 * What travels with the bytes of a copy: its description, the content headers and the owner's metadata, as
 * far as the store has room. The catalog knows all of it; without the catalog the description matters most.
 */
export function copyFacts(
  description: CopyDescription,
  content: { readonly headers: ContentHeaders; readonly metadata: Readonly<Record<string, string>> },
  target: {
    readonly storageClass: string | null
    readonly encryptionRequired: boolean
    readonly capabilities: StoreCapabilities
  },
): PutFacts {
  const asksForEncryption = target.encryptionRequired && target.capabilities.encryption === 'on-request'
  return {
    headers: content.headers,
    ...(target.storageClass === null ? {} : { storageClass: target.storageClass }),
    ...(target.capabilities.userMetadata
      ? { metadata: fitMetadata(description, content.metadata, target.capabilities.metadataBytesMax) }
      : {}),
    ...(asksForEncryption ? { encryption: { kind: 'store' } } : {}),
  }
}

function fitMetadata(
  description: CopyDescription,
  owners: Readonly<Record<string, string>>,
  bytesMax: number,
): Record<string, string> {
  const described = copyDescriptionMetadata(description)
  // A long key costs more room than it is worth: it is the native key, or follows from it.
  const { 'dim-key': _key, ...short } = described
  const own = bytesOf(described) <= bytesMax ? described : short
  const all = { ...portable(owners), ...own }
  return bytesOf(all) <= bytesMax ? all : own
}

/** Values as headers of any store can carry them: what is not printable ASCII is percent-encoded. */
function portable(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [
      name,
      /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value),
    ]),
  )
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}
