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

/** Sizes of what larger bodies wait in; it is used again, because fresh memory costs more than the copy into it. */
const SLAB_SIZES = [MIB, 2 * MIB, 4 * MIB, 8 * MIB] as const
/** Below this a buffer of its own is cheaper than a slab. */
const SLAB_WORTH_BYTES = MIB / 2

/**
 * Makes buffers that are never larger together than `bytesMax`, whatever moves at once. One that asks for more
 * than that waits until it is alone.
 */
export function createBodyBuffers(bytesMax: Bytes): BodyBuffers {
  const idle = new Map<Bytes, Uint8Array[]>(SLAB_SIZES.map(size => [size, []]))
  let idleBytes = 0
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
    const memory = takeIdle(charge) ?? Buffer.allocUnsafeSlow(charge)
    let isBack = false
    return {
      bytes: memory.subarray(0, size),
      giveBack(isDone) {
        if (isBack) return
        isBack = true
        taken -= charge
        if (isDone && taken + idleBytes + charge <= bytesMax) keepIdle(memory)
        startWaiting()
      },
    }
  }

  /** A slab of this size that nobody uses; others are let go of where there is no room for them beside it. */
  function takeIdle(size: Bytes): Uint8Array | null {
    const found = idle.get(size)?.pop() ?? null
    if (found !== null) idleBytes -= size
    for (const [otherSize, slabs] of idle) {
      while (taken + idleBytes > bytesMax && slabs.pop() !== undefined) idleBytes -= otherSize
    }
    return found
  }

  function keepIdle(memory: Uint8Array): void {
    const slabs = idle.get(memory.byteLength)
    if (slabs === undefined) return
    slabs.push(memory)
    idleBytes += memory.byteLength
  }

  return {
    take(size, signal) {
      const charge = chargeOf(size)
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

/** The memory that a body of so many bytes takes: a slab of the next size, or its own size. */
function chargeOf(size: Bytes): Bytes {
  if (size < SLAB_WORTH_BYTES) return size
  return SLAB_SIZES.find(slabSize => size <= slabSize) ?? size
}
