import type { ObjectId } from '../../domain/identifiers.ts'
import type { Chaos } from '../chaos/chaos.ts'
import type { Process } from '../clock/process.ts'
import type { Scheduler } from '../clock/scheduler.ts'
import { ConnectionLost, type LockSession, ObjectLocks } from './object-locks.ts'

/** A statement takes up to so many milliseconds each way. */
const LATENCY_MS_MAX = 4

/** The database as processes meet it: it answers after a while, restarts, and loses answers. */
export class Database {
  readonly locks: ObjectLocks
  readonly #scheduler: Scheduler
  readonly #chaos: Chaos
  #isDown = false

  constructor(scheduler: Scheduler, chaos: Chaos) {
    this.#scheduler = scheduler
    this.#chaos = chaos
    this.locks = new ObjectLocks(scheduler)
  }

  /** Stops at once, every session is lost; until `start` nothing is answered. */
  stop(): void {
    this.#isDown = true
    this.locks.loseAll()
  }

  start(): void {
    this.#isDown = false
  }

  /** One transaction, done in one moment. Rejects when the database is away, or when its answer got lost. */
  async ask<T>(owner: Process, perform: () => Promise<T>): Promise<T> {
    await this.#scheduler.turn(this.#latency(), null)
    if (owner.isDead && this.#chaos.isLucky()) return never()
    if (this.#isDown) return this.#refuse(owner)
    const outcome = await outcomeOf(perform)
    const isLost = this.#chaos.losesAnswerOfDatabase()
    await this.#scheduler.turn(this.#latency(), owner)
    if (isLost) throw new ConnectionLost('the answer of the database got lost')
    return unwrap(outcome)
  }

  /**
   * Runs `transact` with a session that holds the object's lock; what it resolves to is committed. Rejects with
   * what `busy` makes when the lock is not free in time.
   */
  async underLock<T>(
    owner: Process,
    object: { readonly id: ObjectId; readonly waitMsMax: number; readonly busy: () => Error },
    transact: (session: LockSession) => Promise<T>,
  ): Promise<T> {
    await this.#scheduler.turn(this.#latency(), null)
    if (owner.isDead) return never()
    if (this.#isDown) return this.#refuse(owner)
    const session = await this.locks.acquire(object.id, owner, object.waitMsMax)
    if (session !== null) await this.#scheduler.turn(this.#latency(), owner)
    const outcome =
      session === null
        ? { error: object.busy() }
        : await outcomeOf(() => transact(session)).finally(() => this.locks.release(object.id, session))
    const isLost = this.#chaos.losesAnswerOfDatabase()
    await this.#scheduler.turn(this.#latency(), owner)
    if (isLost) throw new ConnectionLost('the answer of the database got lost')
    return unwrap(outcome)
  }

  /** A statement on a session that holds a lock. */
  async askOn<T>(session: LockSession, perform: () => T): Promise<T> {
    await this.#scheduler.turn(this.#latency(), session.owner)
    if (session.isLost) throw new ConnectionLost('the session of the lock is gone')
    return perform()
  }

  async #refuse(owner: Process): Promise<never> {
    await this.#scheduler.turn(this.#latency(), owner)
    throw new ConnectionLost('the database does not answer')
  }

  #latency(): number {
    return this.#chaos.between(0, LATENCY_MS_MAX)
  }
}

/** How something ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/** Runs something to its end, whatever that is. */
export async function outcomeOf<T>(perform: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await perform() }
  } catch (error) {
    return { error }
  }
}

export function unwrap<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

/** What nobody waits for any more. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}
