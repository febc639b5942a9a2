import { type Bytes, MIB } from '../../domain/bytes.ts'

/** Memory in which bytes of one object wait between source and target. */
export interface BodyBuffer {
  readonly bytes: Uint8Array
  /**
   * Called when nobody uses the bytes any more, as often as one likes. `isDone`: the requests that carried them
   * ended well; otherwise a connection may still hold them, and they are not used again.
   */
  giveBack(isDone: boolean): void
}

/** Hands out {@link BodyBuffer}s. */
export interface BodyBuffers {
  /** Waits, first come first served, until so many bytes are free. Rejects with the signal's reason. */
  take(size: Bytes, signal: AbortSignal): Promise<BodyBuffer>
}

/** What larger bodies wait in; it is used again, because fresh memory costs more than the copy into it. */
const SLAB_BYTES = 8 * MIB
/** Below this a buffer of its own is cheaper than the larger part of a slab. */
const SLAB_WORTH_BYTES = MIB

/**
 * Makes buffers that are never larger together than `bytesMax`, whatever moves at once. One that asks for more
 * than that waits until it is alone.
 */
export function createBodyBuffers(bytesMax: Bytes): BodyBuffers {
  const slabs: Uint8Array[] = []
  const waiting: { readonly charge: Bytes; readonly start: () => void }[] = []
  let taken = 0

  function startWaiting(): void {
    for (let next = waiting[0]; next !== undefined && mayTake(next.charge); next = waiting[0]) {
      waiting.shift()
      next.start()
    }
  }

  function mayTake(charge: Bytes): boolean {
    return taken === 0 || taken + charge <= bytesMax
  }

  function lend(size: Bytes, charge: Bytes): BodyBuffer {
    taken += charge
    const slab = charge === SLAB_BYTES ? (slabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)) : null
    const bytes = slab === null ? Buffer.allocUnsafeSlow(size) : slab.subarray(0, size)
    let isBack = false
    return {
      bytes,
      giveBack(isDone) {
        if (isBack) return
        isBack = true
        taken -= charge
        if (isDone && slab !== null && (slabs.length + 1) * SLAB_BYTES <= bytesMax) slabs.push(slab)
        startWaiting()
      },
    }
  }

  return {
    take(size, signal) {
      const charge = size >= SLAB_WORTH_BYTES && size <= SLAB_BYTES ? SLAB_BYTES : size
      if (waiting.length === 0 && mayTake(charge)) return Promise.resolve(lend(size, charge))
      return new Promise((resolve, reject) => {
        const turn = {
          charge,
          start() {
            signal.removeEventListener('abort', giveUp)
            resolve(lend(size, charge))
          },
        }
        function giveUp() {
          waiting.splice(waiting.indexOf(turn), 1)
          reject(signal.reason)
          startWaiting()
        }
        if (signal.aborted) return reject(signal.reason)
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.push(turn)
      })
    },
  }
}
