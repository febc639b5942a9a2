import PQueue from 'p-queue'
import type { ObjectId } from '../domain/identifiers.ts'
import { GatewayError } from './error-table.ts'

/**
 * A bounded lane for work that holds a database connection while it waits for an object's lock. In this process
 * an object has one turn at a time, so that however many want the same object, they hold one connection and
 * the lane is free for other objects.
 */
export class ObjectTurns {
  readonly #lane: PQueue
  readonly #waitingMax: number
  readonly #lastTurns = new Map<ObjectId, Promise<void>>()
  #waiting = 0

  constructor(bounds: { readonly concurrency: number; readonly waitingMax: number }) {
    this.#lane = new PQueue({ concurrency: bounds.concurrency })
    this.#waitingMax = bounds.waitingMax
  }

  /**
   * Runs `work` when it is the object's turn and the lane has room. Rejects with `SlowDown`, and never runs
   * it, when too many wait already or it has not begun after `waitMsMax`.
   */
  run<T>(objectId: ObjectId, waitMsMax: number, work: () => Promise<T>): Promise<T> {
    const former = this.#lastTurns.get(objectId)
    const mustWait = former !== undefined || this.#lane.pending >= this.#lane.concurrency
    if (mustWait && this.#waiting >= this.#waitingMax) return Promise.reject(new GatewayError('SlowDown'))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    // Null once it is too late: what it holds, a body in memory, is not kept until the turn comes.
    let waiting: (() => Promise<T>) | null = work
    this.#waiting++
    const timer = setTimeout(() => {
      waiting = null
      this.#waiting--
      reject(new GatewayError('SlowDown', 'Too many requests for this key at once.'))
    }, waitMsMax)
    const turn = (former ?? Promise.resolve())
      .then(async () => {
        // Who gave up takes no place in the lane either.
        if (waiting === null) return
        await this.#lane.add(async () => {
          if (waiting === null) return
          this.#waiting--
          clearTimeout(timer)
          await waiting().then(resolve, reject)
        })
      })
      .finally(() => {
        if (this.#lastTurns.get(objectId) === turn) this.#lastTurns.delete(objectId)
      })
    this.#lastTurns.set(objectId, turn)
    return promise
  }

  /** Resolves when nothing runs or waits. */
  async onIdle(): Promise<void> {
    while (this.#lastTurns.size > 0) await Promise.all(this.#lastTurns.values())
  }
}
