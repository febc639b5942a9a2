import { MIB } from '../../domain/bytes.ts'
import { deadlineOf } from '../../domain/request-deadline.ts'
import type { ObjectStore, PutBody } from '../object-store.ts'
import { aroundStore, gaveUpWaiting, type StoreRequest } from './around-store.ts'
import type { BudgetGate } from './budget-gate.ts'
import { passingThrough } from './passing-body.ts'
import { PatientSignal } from './patient-signal.ts'

/** A body up to this size is paid for before it is sent; a longer stream piece by piece, on its way. */
const WHOLE_BYTES_MAX = 16 * MIB

/**
 * The same store within a budget of requests and bytes per second. A request waits before it is made, and a
 * deadline of its signal (`domain/request-deadline.ts`) begins when its turn has come. `mayWait` false
 * is for those who come first: they spend without waiting, and the others wait for longer.
 */
export function budgetedStore(
  inner: ObjectStore,
  options: { gate: BudgetGate; mayWait: boolean; waited?: (seconds: number) => void; nowMs: () => number },
): ObjectStore {
  return options.mayWait ? waitingStore(inner, options) : hastyStore(inner, options.gate)
}

function hastyStore(inner: ObjectStore, gate: BudgetGate): ObjectStore {
  const count = (chunk: Uint8Array) => {
    gate.spendAtOnce({ requests: 0, bytes: chunk.byteLength })
    return chunk
  }
  return aroundStore(inner, {
    request(request, perform) {
      gate.spendAtOnce({ requests: 1, bytes: request.bodySize })
      return perform()
    },
    received: (_, { body }) => ({
      ...passingThrough(body, count),
      destroy: (error?: Error) => body.destroy(error),
    }),
  })
}

function waitingStore(
  inner: ObjectStore,
  { gate, waited, nowMs }: { gate: BudgetGate; waited?: (seconds: number) => void; nowMs: () => number },
): ObjectStore {
  const patience = new WeakMap<StoreRequest, PatientSignal>()

  async function pay(request: StoreRequest, bytes: number, requests: number): Promise<void> {
    const startMs = nowMs()
    const signal = deadlineOf(request.signal)?.signal ?? request.signal
    await gate.take({ requests, bytes }, signal, kindOf(request)).catch(reason => {
      throw gaveUpWaiting(inner, request, reason)
    })
    waited?.((nowMs() - startMs) / 1_000)
  }

  function payOnTheWay(request: StoreRequest, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return passingThrough(body, async chunk => {
      const waiting = pay(request, chunk.byteLength, 0)
      await (patience.get(request)?.standStill(waiting) ?? waiting)
      return chunk
    })
  }

  return aroundStore(inner, {
    async request(request, perform) {
      await pay(request, isPaidBefore(request) ? request.bodySize : 0, 1)
      const deadline = deadlineOf(request.signal)
      if (deadline === null) return perform()
      const patient = new PatientSignal(deadline)
      patience.set(request, patient)
      try {
        const result = await perform(patient.signal)
        // The body of a read is still to come.
        if (request.operation !== 'get') patient.end()
        return result
      } catch (error) {
        patient.end()
        throw error
      }
    },
    sent: (request, body): PutBody =>
      body instanceof Uint8Array || isPaidBefore(request) ? body : payOnTheWay(request, body),
    received(request, { body }) {
      const paid = payOnTheWay(request, body)
      return {
        async *[Symbol.asyncIterator]() {
          try {
            yield* paid
          } finally {
            patience.get(request)?.end()
          }
        },
        destroy(error?: Error) {
          patience.get(request)?.end()
          body.destroy(error)
        },
      }
    },
  })
}

/**
 * How it waits. It is brief when it neither carries content nor asks for any; one whose time runs already, because
 * others wait for its end, goes before those whose deadline begins when their turn has come.
 */
function kindOf({ bodySize, operation, signal }: StoreRequest): 'bulk' | 'brief' | 'first' {
  if (operation === 'get' || bodySize > 0) return 'bulk'
  return deadlineOf(signal) === null ? 'first' : 'brief'
}

function isPaidBefore(request: StoreRequest): boolean {
  return request.isRepeatable || request.bodySize <= WHOLE_BYTES_MAX
}
