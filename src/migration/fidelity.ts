import { isKnownToEncrypt, type StoreEncryption } from '../domain/encryption.ts'
import type { ContentHeaders } from '../domain/object.ts'

/** What a move may not be able to take along. */
export type FidelityAspect = 'metadata' | 'tags' | 'dates' | 'encryption' | 'versions' | 'lock' | 'facts'

/**
 * What becomes of it. `catalog`: the catalog keeps it and readers get it through us; the copy itself has it not.
 * `source`: it stays where it is. `unknown`: it is read from the source when the object is copied. `refused`: the move
 * ends before anything is written.
 */
export type FidelityFate = 'catalog' | 'source' | 'unknown' | 'refused'

/** Every way in which a copy is less than its source, with what becomes of what it lacks. */
export const FIDELITY_REASONS = {
  'facts-not-read': {
    aspect: 'facts',
    fate: 'unknown',
    text: 'headers, metadata and tags were listed, not read: they are read when it is copied',
  },
  'metadata-not-kept': {
    aspect: 'metadata',
    fate: 'catalog',
    text: 'the target keeps no metadata',
  },
  'metadata-too-large': {
    aspect: 'metadata',
    fate: 'catalog',
    text: 'its metadata is larger than the target allows beside the description of the copy',
  },
  'tags-not-kept': { aspect: 'tags', fate: 'catalog', text: 'the target keeps no tags' },
  'too-many-tags': {
    aspect: 'tags',
    fate: 'catalog',
    text: 'it has more than 10 tags, or longer ones than stores take',
  },
  'own-dates': {
    aspect: 'dates',
    fate: 'catalog',
    text: 'stores date a copy by its arrival: the date that clients see is kept in the catalog',
  },
  'old-versions-stay': {
    aspect: 'versions',
    fate: 'source',
    text: 'the source keeps old versions: they stay there, beneath a mark of deletion; the present content moves',
  },
  'not-encrypted': {
    aspect: 'encryption',
    fate: 'refused',
    text: 'its policy requires encryption, and the target was not found to encrypt',
  },
  locked: {
    aspect: 'lock',
    fate: 'refused',
    text: 'a retention or a legal hold keeps it where it is',
  },
} as const satisfies Record<string, { aspect: FidelityAspect; fate: FidelityFate; text: string }>
export type FidelityReason = keyof typeof FIDELITY_REASONS

/** What is known of an object that is to be moved. */
export interface ObjectFacts {
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly isLocked: boolean
  readonly requiresEncryption: boolean
  /** What the copy says about itself, as metadata, in bytes. */
  readonly descriptionBytes: number
}

/** What the stores of both ends can do. */
export interface FidelityEnds {
  readonly source: { readonly versions: boolean }
  readonly target: {
    readonly userMetadata: boolean
    readonly metadataBytesMax: number
    readonly tags: boolean
    readonly encryption: StoreEncryption
  }
}

/** What a copy of the object would be less than its source. Pure. */
export function judgeFidelity(object: ObjectFacts, { source, target }: FidelityEnds): FidelityReason[] {
  const { metadata, tags } = object
  const hasTags = Object.keys(tags).length > 0
  const own = metadataBytes(metadata)
  const checks: readonly (readonly [FidelityReason, boolean])[] = [
    ['facts-not-read', areUnread(object)],
    ['metadata-not-kept', own > 0 && !target.userMetadata],
    [
      'metadata-too-large',
      own > 0 && target.userMetadata && own + object.descriptionBytes > target.metadataBytesMax,
    ],
    ['tags-not-kept', hasTags && !target.tags],
    ['too-many-tags', hasTags && target.tags && !areTagsStorable(tags)],
    ['own-dates', true],
    ['old-versions-stay', source.versions],
    ['not-encrypted', object.requiresEncryption && !isKnownToEncrypt(target.encryption)],
    ['locked', object.isLocked],
  ]
  return checks.filter(([, holds]) => holds).map(([reason]) => reason)
}

/** The first reason for which the move must not begin, or null. */
export function refusalOf(reasons: readonly FidelityReason[]): FidelityReason | null {
  return reasons.find(reason => FIDELITY_REASONS[reason].fate === 'refused') ?? null
}

/** Whether nothing is known of an object beyond what a listing tells. */
export function areUnread(facts: Pick<ObjectFacts, 'headers' | 'metadata' | 'tags'>): boolean {
  return [facts.headers, facts.metadata, facts.tags].every(part => Object.keys(part).length === 0)
}

/**
 * Tags of an object that every store with tags takes. Source: Amazon S3 User Guide, "Categorizing your
 * objects".
 */
const TAGS_MAX = 10
const TAG_NAME_MAX = 128
const TAG_VALUE_MAX = 256

/** Whether a store that keeps tags takes all of these. */
export function areTagsStorable(tags: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(tags)
  return (
    entries.length <= TAGS_MAX &&
    entries.every(([name, value]) => name.length <= TAG_NAME_MAX && value.length <= TAG_VALUE_MAX)
  )
}

/** Bytes of user metadata, names and values together. */
export function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  )
}
