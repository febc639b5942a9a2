import { checkRestore } from '../call-rules.ts'
import type { RestoreOptions, StoredObject } from '../object-store.ts'
import { throwIfAborted } from '../store-operation.ts'
import type { CopyingStore } from './copy-within.ts'

/** Where a blob lies once it came back: the only tier that leaving early costs nothing in. */
const RESTORED_TIER = 'Hot'

/**
 * Has a blob come out of the archive tier, which takes hours. Azure knows no copy for some days: it is the blob
 * itself that changes its tier, with the bytes, the ETag and the key it has. (A copy of it to another key would leave
 * it where it is, and be one more blob for somebody to find, pay for and delete.) As with every change of tier, Azure
 * compares nothing: if somebody overwrites the blob in the same moment, it is their bytes that get the tier.
 *
 * https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview
 */
export async function restoreBlob(
  { connection, head }: Pick<CopyingStore, 'connection' | 'head'>,
  container: string,
  key: string,
  options: RestoreOptions,
): Promise<StoredObject> {
  const { signal, onlyIf } = options
  const operation = connection.operation('restore', key)
  throwIfAborted(operation, signal)
  checkRestore(operation, options)
  const call = signal === undefined ? {} : { signal }
  const found = await head(container, key, { onlyIf, ...call })
  if (found.archive?.kind !== 'archived') return found
  const how = { as: 'write', signal } as const
  await connection.call(operation, how, abortSignal =>
    connection
      .blob(how, container, key)
      .setAccessTier(RESTORED_TIER, { abortSignal, rehydratePriority: 'Standard' }),
  )
  return head(container, key, { onlyIf, ...call })
}
