import { randomBytes } from 'node:crypto'
import type { Clock } from '../../domain/clock.ts'

/** One try to stage one part of an upload, as its block's id tells. */
export interface StagedPart {
  readonly uploadId: string
  readonly partNumber: number
  /** Names this try; a later one of the same part sorts behind. Given out as the part's ETag. */
  readonly etag: string
}

const UPLOAD_ID = /^[A-Za-z0-9_-]{22}$/
/** Upload id, part number, milliseconds since 1970, random: 48 characters, the length other tools use. */
const BLOCK_NAME = /^([A-Za-z0-9_-]{22})(\d{5})(\d{13}[0-9a-f]{8})$/

/** A name for an upload that nobody has had. */
export function newUploadId(): string {
  return randomBytes(16).toString('base64url')
}

/** Whether this may be the name of an upload. */
export function isUploadId(text: string): boolean {
  return UPLOAD_ID.test(text)
}

/**
 * Names the tries to stage parts. Those of one process ascend strictly; between processes the clock
 * decides which try is the later one.
 */
export function createPartTries(clock: Clock): () => string {
  let last = 0
  return () => {
    last = Math.max(clock.now(), last + 1)
    return String(last).padStart(13, '0') + randomBytes(4).toString('hex')
  }
}

/** The id of the block that holds this part. All ids under one blob must have one length. */
export function blockIdOf({ uploadId, partNumber, etag }: StagedPart): string {
  return Buffer.from(uploadId + String(partNumber).padStart(5, '0') + etag, 'latin1').toString('base64')
}

/** What a block's id says, or null for blocks of others. */
export function stagedPartOf(blockId: string): StagedPart | null {
  const [, uploadId, partNumber, etag] =
    BLOCK_NAME.exec(Buffer.from(blockId, 'base64').toString('latin1')) ?? []
  if (uploadId === undefined || partNumber === undefined || etag === undefined) return null
  return { uploadId, partNumber: Number(partNumber), etag }
}
