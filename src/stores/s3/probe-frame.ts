import type { ObjectStore } from '../object-store.ts'
import type { S3Settings } from './config.ts'
import type { S3Wire } from './s3-wire.ts'

/** What every probe of an S3 server works with. */
export interface Probe {
  readonly name: string
  /** Opened with everything that is hoped for. */
  readonly store: ObjectStore
  /** Opens one with other hopes; whoever does closes it. */
  open(changed: S3Settings['capabilities']): ObjectStore
  /** For what the store would not send: a digest that is wrong. */
  readonly wire: S3Wire
  readonly container: string
  /** Under which, and behind which, it writes. */
  readonly key: string
}

/** The bytes probes write. */
export const BYTES = Buffer.from('a probe of what this server does')

/** An identity nothing has. */
export const OTHER = { etag: '00000000000000000000000000000000', versionId: null }
