import type { MultipartStore, PutBody, PutOptions, PutResult } from '../object-store.ts'
import { StoreError } from '../object-store.ts'

/**
 * Writes a stream as an upload of one part. Servers that make an object of a body whose connection broke
 * (versitygw 1.8.0 does) keep such a part, but nobody ever completes it.
 */
export async function putAsOnePart(
  multipart: MultipartStore,
  container: string,
  key: string,
  body: PutBody,
  { size, condition, signal, digests: _, ...facts }: PutOptions,
): Promise<PutResult> {
  const call = signal === undefined ? {} : { signal }
  const { uploadId } = await multipart.create(container, key, { ...facts, ...call })
  try {
    const { etag } = await multipart.putPart(container, key, uploadId, 1, body, { size, ...call })
    const parts = [{ partNumber: 1, etag }]
    return await multipart.complete(container, key, uploadId, parts, {
      ...call,
      ...(condition ? { condition } : {}),
    })
  } catch (error) {
    // A completion that may still be going on is not disturbed. What an abort leaves, the janitor finds.
    const isOver = !(
      error instanceof StoreError &&
      error.retry === 'unknown-outcome' &&
      error.operation === 'multipart.complete'
    )
    if (isOver) await multipart.abort(container, key, uploadId).catch((problem: unknown) => problem)
    throw error
  }
}
