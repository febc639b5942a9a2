import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { refusalOf, worksAt } from '../probe-answers.ts'
import type { S3Settings } from './config.ts'
import { payloadSha256Of } from './payload-hash.ts'
import { BYTES, type Probe } from './probe-frame.ts'

/** Keys that servers over folders rewrite or refuse, under the key of the probe. */
const UNLIKE_PATHS = ['a//b', 'o/../z', './w', 'v/.', 'control\u0001']
/** Keys that servers over other kinds of folders trim or translate. */
const UNLIKE_NAMES = ['dot.', 'dot./x', 'space ', 'back\\slash']

/**
 * What a server does to keys. A key counts as kept when it is listed as it was given: a server may answer 200
 * and keep another one.
 */
export async function probeKeys(probe: Probe): Promise<S3Settings['keys']> {
  for (const key of UNLIKE_NAMES) if (!(await keeps(probe, key))) return 'names'
  for (const key of UNLIKE_PATHS) if (!(await keeps(probe, key))) return 'paths'
  return 'opaque'
}

async function keeps({ store, container, key: probeKey }: Probe, end: string): Promise<boolean> {
  const prefix = `${probeKey}-keys/`
  const key = `${prefix}${end}`
  if (!(await worksAt(store.put(container, key, BYTES, { size: BYTES.length })))) return false
  const isThere = await worksAt(store.head(container, key))
  const listed = await store.list(container, { prefix }).then(
    page => page.objects.map(object => object.key),
    () => [],
  )
  for (const found of listed) await store.delete(container, found).catch((error: unknown) => error)
  return isThere && listed.length === 1 && listed[0] === key
}

/** Looks after a write that was cut off: a server may need a moment to make an object of what came. */
const LOOKS = 4
const LOOK_MS = 250

/** What becomes of a body whose connection breaks in the middle. */
export async function probeIncompleteBodies(probe: Probe): Promise<S3Settings['incompleteBodies']> {
  const { wire, name, store, container, key: probeKey } = probe
  const key = `${probeKey}-broken`
  async function* broken() {
    yield Buffer.alloc(64 * 1024, 1)
    await delay(LOOK_MS)
    throw new Error('cut off on purpose')
  }
  const body = Readable.from(broken(), { objectMode: false })
  body.on('error', error => error)
  const sent = wire.send(
    { store: name, operation: 'probe', key },
    {
      method: 'PUT',
      container,
      headers: { 'content-length': String(128 * 1024) },
      body,
      payloadSha256: payloadSha256Of(body),
      as: 'upload',
    },
  )
  await sent.then(
    answer => answer.body.drop(),
    (error: unknown) => error,
  )
  for (let look = 0; look < LOOKS; look++) {
    if ((await refusalOf(store.head(container, key))) === null) return 'kept'
    await delay(LOOK_MS)
  }
  return 'refused'
}
