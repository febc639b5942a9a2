import { startDigests } from '../body-digests.ts'
import { checkExtras, checkFacts, checkKey } from '../call-rules.ts'
import { checkedBody } from '../checked-body.ts'
import type { CopySource, CopyTarget, CopyWithinOptions, PutResult } from '../object-store.ts'
import { storeFailure, throwIfAborted } from '../store-operation.ts'
import { FILESYSTEM_CAPABILITIES } from './capabilities.ts'
import { fileBody } from './file-body.ts'
import type { FilesystemState } from './filesystem-state.ts'
import { checkIdentity, openObject } from './object-file.ts'
import { stageFile } from './staged-file.ts'

/**
 * Copies an object to another key or container of the same root. The bytes are read once and compared with the
 * digests they were written with, so that a rotten file is not multiplied; the copy reports what was read.
 */
export async function copyFileWithin(
  state: FilesystemState,
  from: CopySource,
  to: CopyTarget,
  { signal, size, condition, ...facts }: CopyWithinOptions,
): Promise<PutResult> {
  const source = state.operation('copyWithin', from.key)
  const operation = state.operation('copyWithin', to.key)
  throwIfAborted(operation, signal)
  for (const checked of [source, operation]) checkKey(checked, FILESYSTEM_CAPABILITIES.keyBytesMax)
  checkFacts(operation, facts, FILESYSTEM_CAPABILITIES.metadataBytesMax)
  checkExtras(operation, FILESYSTEM_CAPABILITIES, facts)
  return state.run(operation, to.container, async folder => {
    await state.prepare(operation, folder)
    const { body, digests } = await state.run(source, from.container, async sourceFolder => {
      const { handle, stats, object } = await openObject(source, sourceFolder)
      try {
        checkIdentity(source, { stats }, from.identity)
        if (Number(stats.size) !== size) {
          throw storeFailure(source, 'truncated', `the object has ${stats.size} bytes, not ${size}`)
        }
        return {
          body: await fileBody(source, handle, { start: 0, length: size }, { signal, areChunksLent: false }),
          digests: object.digests,
        }
      } catch (error) {
        await handle.close()
        throw error
      }
    })
    const running = startDigests(['crc64nvme'])
    async function* read() {
      for await (const chunk of checkedBody(operation, body, { size, digests, signal })) {
        running.update(chunk)
        yield chunk
      }
    }
    const staged = await stageFile(operation, folder.staging, read(), state.isDurable).finally(() =>
      body.destroy(),
    )
    const found = { ...digests, ...running.finish() }
    const identity = await state.publish(operation, folder, staged, { facts, digests: found }, condition)
    return { identity, digests: found }
  })
}
