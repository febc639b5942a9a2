import { createHash } from 'node:crypto'
import type { MultipartPart } from '../../database/writes/multipart-uploads.ts'
import { combineCrc64 } from '../body/crc64-combine.ts'
import { CHECKSUM_ALGORITHMS } from '../body/digests.ts'
import { GatewayError } from '../error-table.ts'
import { parseXml, type XmlElement } from '../xml/parse-xml.ts'
import { PART_BYTES_MIN } from './client-upload.ts'

const PARTS_MAX = 10_000

/** A part as the body of a Complete names it. */
interface NamedPart {
  readonly number: number
  readonly etag: string
  /** Checksums by algorithm, base64. */
  readonly checksums: ReadonlyMap<string, string>
}

/** The parts that become the object, and what the object is then. */
export interface ChosenParts {
  readonly parts: readonly MultipartPart[]
  readonly size: number
  /** MD5 of the parts' MD5s, with their number behind it. */
  readonly etag: string
  /** Of the whole object, combined from the parts. */
  readonly crc64nvme: string
}

/** Reads the parts a Complete names. Throws `MalformedXML` or `InvalidPartOrder`. */
export function parseCompletion(body: Buffer): NamedPart[] {
  const parts = parseXml(body, 'CompleteMultipartUpload').children('Part').map(namedPartOf)
  if (parts.length === 0 || parts.length > PARTS_MAX) throw new GatewayError('MalformedXML')
  if (parts.some((part, index) => index > 0 && parts[index - 1]!.number >= part.number)) {
    throw new GatewayError('InvalidPartOrder')
  }
  return parts
}

/** Finds the named parts among those uploaded. Throws `InvalidPart` or `EntityTooSmall`. */
export function chooseParts(named: readonly NamedPart[], uploaded: readonly MultipartPart[]): ChosenParts {
  const byNumber = new Map(uploaded.map(part => [part.number, part]))
  const parts = named.map(({ number, etag, checksums }) => {
    const part = byNumber.get(number)
    const matches =
      part !== undefined &&
      part.etag === etag &&
      [...checksums].every(([name, value]) => (part.checksums[name] ?? value) === value)
    if (!matches) throw invalidPart(number, etag)
    return part
  })
  for (const [index, part] of parts.entries()) {
    if (index < parts.length - 1 && part.size < PART_BYTES_MIN) {
      throw new GatewayError('EntityTooSmall', undefined, {
        details: {
          ProposedSize: String(part.size),
          MinSizeAllowed: String(PART_BYTES_MIN),
          PartNumber: String(part.number),
          ETag: part.etag,
        },
      })
    }
  }
  const md5 = createHash('md5')
  for (const part of parts) md5.update(part.etag, 'hex')
  const [first, ...rest] = parts
  return {
    parts,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    etag: `${md5.digest('hex')}-${parts.length}`,
    crc64nvme: rest.reduce((crc, part) => combineCrc64(crc, part.crc64nvme, part.size), first!.crc64nvme),
  }
}

function namedPartOf(part: XmlElement): NamedPart {
  const number = part.textOf('PartNumber')?.trim() ?? ''
  const etag = part.textOf('ETag')?.trim().replace(/^"|"$/g, '')
  if (!/^\d{1,5}$/.test(number) || etag === undefined) throw new GatewayError('MalformedXML')
  const checksums = new Map<string, string>()
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = part.textOf(`Checksum${algorithm.toUpperCase()}`)
    if (value !== null) checksums.set(algorithm, value.trim())
  }
  return { number: Number(number), etag, checksums }
}

function invalidPart(number: number, etag: string): GatewayError {
  return new GatewayError('InvalidPart', undefined, {
    details: { PartNumber: String(number), ETag: etag },
  })
}
