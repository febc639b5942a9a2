import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'
import type { BadVerdict, CopyToScrub } from '../../domain/scrub.ts'

/** For how long a verdict stands before the bytes are read again: disks are mended, too. */
const KNOWN_MS = DAY
/** How many are remembered; the oldest is forgotten first, and read again. */
const COPIES_MAX = 10_000

interface Known {
  readonly verdict: BadVerdict
  readonly identity: StoreIdentity
  readonly until: Instant
}

/**
 * Suspect primary copies that this process read and found bad, while no other copy could be read that takes
 * their place: they are not read again for each attempt to find one.
 */
export class KnownBad {
  readonly #copies = new Map<Uuid, Known>()

  remember({ copy }: CopyToScrub, verdict: BadVerdict, now: Instant): void {
    const oldest = this.#copies.keys().next().value
    if (!this.#copies.has(copy.id) && this.#copies.size >= COPIES_MAX && oldest !== undefined)
      this.#copies.delete(oldest)
    this.#copies.set(copy.id, { verdict, identity: copy.identity, until: now + KNOWN_MS })
  }

  /** What is known of a copy that is still the one that was read; null when it must be read. */
  recall({ copy }: CopyToScrub, now: Instant): BadVerdict | null {
    const known = this.#find(copy)
    return known !== null && now < known.until ? known.verdict : null
  }

  /** Whether it was unreadable when it was read last: then one more failure is enough. */
  wasUnreadable({ copy }: CopyToScrub): boolean {
    return this.#find(copy)?.verdict === 'unreadable'
  }

  forget(copyId: Uuid): void {
    this.#copies.delete(copyId)
  }

  #find({ id, identity, isPrimary, state }: Copy): Known | null {
    const known = this.#copies.get(id)
    if (known === undefined) return null
    const isSame = known.identity.etag === identity.etag && known.identity.versionId === identity.versionId
    return isSame && state === 'suspect' && isPrimary ? known : null
  }
}
