import type { ObjectId } from '../../domain/identifiers.ts'
import type { Process } from '../clock/process.ts'
import type { Scheduler } from '../clock/scheduler.ts'

/** The connection on which an object is locked is gone; whether its transaction committed is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** A session of the database that holds an object's lock. */
export interface LockSession {
  readonly owner: Process
  isLost: boolean
  /** Rejects when the session is lost, never resolves. */
  readonly lost: Promise<never>
}

interface HeldSession extends LockSession {
  readonly lose: () => void
}

/**
 * The locks of objects, each a session of the database: one that dies, or whose process dies, lets go of it. A
 * process that is stopped keeps it.
 */
export class ObjectLocks {
  readonly #scheduler: Scheduler
  readonly #held = new Map<ObjectId, HeldSession>()
  readonly #waiting = new Map<ObjectId, (() => boolean)[]>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  holderOf(objectId: ObjectId): Process | null {
    return this.#held.get(objectId)?.owner ?? null
  }

  /** Resolves to null when the lock is not free within `waitMs`. */
  acquire(objectId: ObjectId, owner: Process, waitMs: number): Promise<LockSession | null> {
    if (!this.#held.has(objectId)) return Promise.resolve(this.#grant(objectId, owner))
    return new Promise(resolve => {
      let isOver = false
      const callOff = this.#scheduler.add(waitMs, null, () => {
        isOver = true
        resolve(null)
      })
      const take = () => {
        if (isOver || owner.isDead) return false
        callOff()
        resolve(this.#grant(objectId, owner))
        return true
      }
      this.#waiting.set(objectId, [...(this.#waiting.get(objectId) ?? []), take])
    })
  }

  release(objectId: ObjectId, session: LockSession): void {
    if (this.#held.get(objectId) !== session) return
    this.#held.delete(objectId)
    const waiting = this.#waiting.get(objectId) ?? []
    while (waiting.length > 0) if (waiting.shift()!()) return
  }

  /** As a database that restarts. */
  loseAll(): void {
    for (const session of [...this.#held.values()]) session.lose()
  }

  #grant(objectId: ObjectId, owner: Process): HeldSession {
    let reject: (error: Error) => void = () => undefined
    const lost = new Promise<never>((_, rejects) => {
      reject = rejects
    })
    lost.catch(() => 'told to whoever waits for it')
    const session: HeldSession = {
      owner,
      isLost: false,
      lost,
      lose: () => {
        if (session.isLost || this.#held.get(objectId) !== session) return
        session.isLost = true
        reject(new ConnectionLost('the session of the lock is gone'))
        this.release(objectId, session)
      },
    }
    this.#held.set(objectId, session)
    owner.onDeath(session.lose)
    return session
  }
}
