import {
  type ActivityRow,
  listActivitiesAfter,
  listenForActivities,
  newestActivityId,
} from '../../database/people/activities.ts'
import type { Connection, Database } from '../../database/postgres.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { type Gaps, releaseInOrder } from './release-in-order.ts'

/** Rows read at once. */
const BATCH_MAX = 500
/** Without a notification the table is looked at this often. */
const POLL_MS = 1_000
const LISTEN_AGAIN_MS = 5_000
const PATIENCE_MS = 2_000
const GAP_MAX = 1_000

/** Told of new activities, in order, each once. Must not throw. */
export type ActivityListener = (activities: readonly ActivityRow[]) => void

/**
 * Follows the activity table for all clients of this process: one reader, woken by notifications and by a
 * poll, because notifications are lost while a connection is.
 *
 * Modes: idle (not started), following (start … stop). What must never hold: a listener sees ids out of order.
 */
export class ActivityFeed {
  readonly #database: Database
  readonly #wall: Clock
  readonly #log: Logger
  readonly #listeners = new Set<ActivityListener>()
  #lastId = 0
  #gaps: Gaps = new Map()
  #timer: NodeJS.Timeout | null = null
  #reading: Promise<void> | null = null
  #readAgain = false
  #connection: Connection | null = null
  #listening: Promise<void> = Promise.resolve()
  #stopped = true
  #listenAgainAt = 0

  constructor(options: { database: Database; wall: Clock; log: Logger }) {
    this.#database = options.database
    this.#wall = options.wall
    this.#log = options.log
  }

  /** The id up to which every listener has been told. */
  get lastId(): number {
    return this.#lastId
  }

  async start(): Promise<void> {
    this.#lastId = await newestActivityId(this.#database)
    this.#stopped = false
    this.#timer = setInterval(() => this.#wake(), POLL_MS)
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#reading
    await this.#listening
    this.#letGo()
  }

  subscribe(listener: ActivityListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #wake(): void {
    if (this.#stopped) return
    if (this.#connection === null && this.#wall.now() >= this.#listenAgainAt) this.#listen()
    if (this.#reading !== null) {
      this.#readAgain = true
      return
    }
    this.#reading = this.#read()
      .catch(error => this.#log.warn({ error }, 'the activity could not be read and will be read again'))
      .finally(() => {
        this.#reading = null
        if (!this.#readAgain) return
        this.#readAgain = false
        this.#wake()
      })
  }

  async #read(): Promise<void> {
    const rows = await listActivitiesAfter(this.#database, this.#lastId, BATCH_MAX)
    const { released, gaps } = releaseInOrder(rows, this.#lastId, this.#gaps, {
      now: this.#wall.now(),
      patienceMs: PATIENCE_MS,
      gapMax: GAP_MAX,
    })
    this.#gaps = gaps
    const newest = released.at(-1)
    if (newest === undefined) return
    this.#lastId = newest.id
    for (const listener of this.#listeners) listener(released)
    if (rows.length === BATCH_MAX) this.#readAgain = true
  }

  /** Keeps one connection for notifications; when it breaks, the poll goes on and it is opened again. */
  #listen(): void {
    this.#listenAgainAt = this.#wall.now() + LISTEN_AGAIN_MS
    this.#listening = this.#openConnection().catch(error =>
      this.#log.warn({ error }, 'notifications are off; the activity is polled'),
    )
  }

  async #openConnection(): Promise<void> {
    const connection = await this.#database.connect()
    if (this.#stopped || this.#connection !== null) {
      connection.release()
      return
    }
    this.#connection = connection
    connection.on('error', this.#onBroken)
    try {
      await listenForActivities(connection, () => this.#wake())
    } catch (error) {
      this.#onBroken(error as Error)
      throw error
    }
  }

  readonly #onBroken = (error: Error) => {
    if (this.#connection === null) return
    this.#log.warn({ error }, 'the connection for notifications broke')
    this.#letGo(error)
  }

  /** Thrown away, never given back: a connection that listens is of no use to others. */
  #letGo(error: Error = new Error('no longer listening')): void {
    const connection = this.#connection
    if (connection === null) return
    this.#connection = null
    // Its listeners stay: a connection that is being thrown away may still break or speak.
    connection.release(error)
  }
}
