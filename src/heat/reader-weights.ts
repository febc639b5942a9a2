import type { AccessOperation, ReaderClass } from '../domain/access-event.ts'

/**
 * How much a read by each class of reader counts towards heat. Range of each: 0 and more. Readers of weight
 * 0 leave no trace on the object: neither heat, nor windows, nor the count of reads.
 */
export type ReaderWeights = Readonly<Record<ReaderClass, number>>

/**
 * People and applications count fully. A scan touches everything once and predicts nothing, so a whole scan
 * must not look like interest. Backup and our own mover read because of what the object is, not because
 * somebody wants it; counting them would keep an object hot by moving it.
 */
export const READER_WEIGHTS_DEFAULT: ReaderWeights = {
  application: 1,
  interactive: 1,
  analytics: 0.5,
  scan: 0.05,
  backup: 0,
  mover: 0,
}

/** The smallest weight of readers that count; a promotion by a lighter one could be noticed late. */
export const READER_WEIGHT_MIN = 0.05

/**
 * What an access counts as: a read (heat, windows, reads, bytes), a write (the count of writes only: where
 * an object should live is decided by its readers), or nothing (asking for headers, deleting, readers of
 * weight 0).
 */
export function accessCountsAs(operation: AccessOperation, weight: number): 'read' | 'write' | 'nothing' {
  switch (operation) {
    case 'read':
      return weight > 0 ? 'read' : 'nothing'
    case 'write':
      return weight > 0 ? 'write' : 'nothing'
    case 'head':
    case 'delete':
      return 'nothing'
    default:
      return operation satisfies never
  }
}
