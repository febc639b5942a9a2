import type { StoreRow } from '../database/catalog/stores.ts'
import { SecretBoxError, storeCredentialsPurpose } from '../domain/secret-box.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import type { ApiOptions } from './context.ts'
import type { StoreProbe } from './schemas/store.ts'

const PROBE_SECONDS_MAX = 15

/**
 * Tries a store with one small listing. Whatever goes wrong is an answer, not an error: its kind and a
 * sentence for a person.
 */
export async function probeStore(request: {
  store: StoreRow
  sealed: Buffer | null
  container: string | null
  options: Pick<ApiOptions, 'secretBox' | 'stores' | 'wall' | 'log'>
}): Promise<StoreProbe> {
  const { container, options } = request
  const answer = (
    error: StoreProbe['error'],
    capabilities: StoreProbe['capabilities'],
    startedAt: number,
  ) => ({
    reachable: error === null,
    container,
    latencySeconds: (options.wall.now() - startedAt) / 1_000,
    capabilities,
    error,
  })
  const startedAt = options.wall.now()
  if (container === null)
    return answer(
      { kind: 'no-container', message: 'name a container: no location uses this store' },
      null,
      startedAt,
    )
  const outcome = await withStore(request, container, async (adapter, signal) => {
    await adapter.list(container, { limit: 1, signal })
    return { ...adapter.capabilities }
  })
  return answer(outcome.error, outcome.result, startedAt)
}

/**
 * Makes sure that a container is there before copies are sent to it. Resolves to what went wrong, in words
 * for a person, or to null.
 */
export async function ensureContainer(request: {
  store: StoreRow
  sealed: Buffer | null
  container: string
  options: Pick<ApiOptions, 'secretBox' | 'stores' | 'log'>
}): Promise<StoreProbe['error']> {
  const outcome = await withStore(request, request.container, async (adapter, signal) => {
    await adapter.ensureContainer(request.container, { signal })
    return null
  })
  return outcome.error
}

/** Opens a store, works with it and closes it. What goes wrong is an answer, in words for a person. */
export async function withStore<Result>(
  request: {
    store: StoreRow
    sealed: Buffer | null
    options: Pick<ApiOptions, 'secretBox' | 'stores' | 'log'>
  },
  container: string,
  work: (adapter: ObjectStore, signal: AbortSignal) => Promise<Result>,
): Promise<{ error: StoreProbe['error']; result: Result | null }> {
  const { store, sealed, options } = request
  try {
    const credentials =
      sealed === null ? null : options.secretBox.open(sealed, storeCredentialsPurpose(store.id))
    const adapter = options.stores.open(store, credentials)
    try {
      return { error: null, result: await work(adapter, AbortSignal.timeout(PROBE_SECONDS_MAX * 1_000)) }
    } finally {
      await adapter.close()
    }
  } catch (error) {
    options.log.info({ error, store: store.name }, 'a store was tried and failed')
    return { error: describeStoreFailure(error, container), result: null }
  }
}

/** Of a store's own answer so much is shown. */
const ANSWER_CHARACTERS_MAX = 300

/**
 * What is wrong with a store, in words for a person. Its own words are among them only where we have none: when
 * it refused the container itself, for its name, say.
 */
export function describeStoreFailure(error: unknown, container: string): { kind: string; message: string } {
  if (error instanceof SecretBoxError)
    return { kind: error.kind, message: `its credentials cannot be opened: ${error.message}` }
  if (!(error instanceof StoreError))
    return { kind: 'unexpected', message: 'the store answered in an unexpected way; the log has the details' }
  switch (error.kind) {
    case 'access-denied':
      return { kind: error.kind, message: 'the store answers, but refuses these credentials' }
    case 'clock-skewed':
      return { kind: error.kind, message: 'its clock and ours differ by more than it allows: set ours right' }
    case 'container-not-found':
      return { kind: error.kind, message: `the store answers, but has no container ${container}` }
    case 'unreachable':
      return { kind: error.kind, message: 'nothing answers at its endpoint: check address, port and network' }
    case 'timeout':
    case 'aborted':
      return { kind: 'timeout', message: `it did not answer within ${PROBE_SECONDS_MAX} seconds` }
    default:
      return { kind: error.kind, message: `the store refused to use ${container}: ${answerOf(error)}` }
  }
}

/** The store's own words, with its code where it gave one, on one line. */
function answerOf({ cause, kind, message }: StoreError): string {
  const said = cause instanceof Error && cause.message !== '' ? cause.message : message
  // biome-ignore lint/suspicious/noControlCharactersInRegex: whatever a store answers goes to terminals.
  const line = said.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return line === '' ? kind : line.slice(0, ANSWER_CHARACTERS_MAX)
}
