import { createHash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { type Bytes, GIB, KIB, MIB } from '../../src/domain/bytes.ts'
import { partBytesOf } from '../../src/workers/migrations/stage-target.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { startS3Server } from '../services/s3-server.ts'
import { impliedContent } from './implied-content.ts'
import { CONTAINER, type MeasuredMove, measureMove } from './measured-move.ts'
import { openSized, type SizedStore } from './sized-stores.ts'

/** Part limits as most stores have them. */
const USUAL_LIMITS = { partSizeMin: 5 * MIB, partSizeMax: 5 * GIB, partsMax: 10_000 }
/** How far apart the bytes of a sparse file are that are not zero. */
const SPARSE_STEP_BYTES = MIB
const SPARSE_BLOCK_BYTES = 4 * KIB
/** What the server was found to do. */
const S3_CAPABILITIES = {
  conditionalPut: true,
  conditionalDelete: true,
  reportedDigests: ['crc64nvme', 'sha256'],
  multipartDigests: true,
}

export interface CaseContext {
  readonly test: TestDatabase
  readonly seed: string
  /** For real bytes; empty. */
  readonly folder: string
  /** Nobody asks for its memory. */
  readonly isHere?: boolean
}

/** How a case ended. */
export interface CaseResult extends MeasuredMove {
  /** Of the only object of a case; 0 when it is put whole. */
  readonly parts: number
  /** What differs from what was moved, besides what never arrived. */
  readonly differences: readonly string[]
}

/** Objects of one size from a store that computes them into one that looks at each byte and forgets it. */
export async function moveImplied(
  { test, seed, isHere = false }: CaseContext,
  objects: {
    readonly name: string
    readonly count: number
    readonly size: Bytes
    readonly movedMax?: number
    readonly limits?: typeof USUAL_LIMITS
  },
): Promise<CaseResult> {
  const { count, size, limits = USUAL_LIMITS, movedMax = count } = objects
  const measured = await measureMove({
    name: objects.name,
    test,
    source: { kind: 'generated', objects: { count, size, seed } },
    target: { kind: 'sink', expected: { size, seed, limits } },
    objects: count,
    bytes: movedMax * size,
    movedMax,
    isHere,
  })
  const parts = count === 1 && size > 8 * MIB ? Math.ceil(size / partBytesOf(size, limits)) : 0
  return { ...measured, parts, differences: [] }
}

/** One file of a folder to a real S3 server, where it is read back. */
export async function moveFile(context: CaseContext, size: Bytes): Promise<CaseResult> {
  const server = await startS3Server({ keepsConnections: true, parentFolder: context.folder })
  if ('missing' in server) throw new Error(server.missing)
  try {
    const { endpoint, accessKeyId, secretAccessKey } = server
    const root = path.join(context.folder, 'source')
    const target: SizedStore = {
      kind: 's3',
      settings: { endpoint, keys: 'paths', capabilities: S3_CAPABILITIES },
      credentials: { accessKeyId, secretAccessKey },
    }
    const key = 'large/file.bin'
    const source: SizedStore = { kind: 'filesystem', root }
    await writeSparse(path.join(root, CONTAINER, key), size, context.seed)
    const expected = await sha256Of(source, key)
    const measured = await measureMove({
      name: 'file',
      test: context.test,
      source,
      target,
      objects: 1,
      bytes: size,
    })
    const found = await sha256Of(target, key)
    const parts = Math.ceil(size / partBytesOf(size, USUAL_LIMITS))
    const differences = found === expected ? [] : [`SHA-256 ${found}, not ${expected}`]
    return { ...measured, parts, differences }
  } finally {
    await server.stop()
  }
}

/** A file whose every mebibyte begins with bytes of its own and goes on with a hole: quickly made, no two parts alike. */
async function writeSparse(file: string, size: Bytes, seed: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const content = impliedContent(seed)
  const handle = await open(file, 'wx')
  try {
    await handle.truncate(size)
    const block = Buffer.alloc(SPARSE_BLOCK_BYTES)
    for (let at = 0; at + block.length <= size; at += SPARSE_STEP_BYTES) {
      content.fill(block, at)
      await handle.write(block, 0, block.length, at)
    }
  } finally {
    await handle.close()
  }
}

async function sha256Of(sized: SizedStore, key: string): Promise<string> {
  const store = openSized('read-back', sized)
  const hash = createHash('sha256')
  const { body } = await store.get(CONTAINER, key)
  for await (const chunk of body) hash.update(chunk)
  await store.close()
  return hash.digest('hex')
}
