import PQueue from 'p-queue'
import type { Connection, Database } from '../postgres.ts'

/**
 * Connections of a pool that its process holds for as long as it runs: the claim on an embedded server, and
 * the feed of activities.
 */
const STANDING = 2
/** Connections that stay free for everybody's short statements. */
const FREE = 2
/** The fewest connections a process can do all its roles with: two are left to move and delete objects. */
export const CONNECTIONS_MIN = STANDING + FREE + 2

/**
 * The same pool for those who hold a connection while they wait for a store: together they hold so many that
 * some are left for everybody else. One too many waits for its turn, however long that takes; statements
 * outside of a transaction do not wait. `connectionsMax` is the pool's bound, {@link CONNECTIONS_MIN} and more.
 * Whoever asks for the same pool shares its bound.
 */
export function boundLongHolds(database: Database, connectionsMax: number): Database {
  const known = bounded.get(database)
  if (known !== undefined) return known
  const made = boundPool(database, connectionsMax)
  bounded.set(database, made)
  return made
}

const bounded = new WeakMap<Database, Database>()

function boundPool(database: Database, connectionsMax: number): Database {
  const turns = new PQueue({ concurrency: Math.max(1, connectionsMax - STANDING - FREE) })

  function connect(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const hold = async () => {
        const connection = await database.connect()
        await new Promise<void>(done => {
          const release = connection.release
          connection.release = error => {
            connection.release = release
            done()
            release.call(connection, error)
          }
          resolve(connection)
        })
      }
      turns.add(hold).catch(reject)
    })
  }

  return new Proxy(database, {
    get(pool, name) {
      if (name === 'connect') return connect
      const value: unknown = Reflect.get(pool, name, pool)
      return typeof value === 'function' ? value.bind(pool) : value
    },
  })
}
