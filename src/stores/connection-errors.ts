import type { StoreErrorKind } from './object-store.ts'

/** What an HTTP status means when a server's own code says nothing. */
export const KIND_OF_STATUS: Readonly<Record<number, StoreErrorKind>> = {
  304: 'precondition-failed',
  401: 'access-denied',
  403: 'access-denied',
  404: 'not-found',
  412: 'precondition-failed',
  413: 'too-large',
  416: 'range-not-satisfiable',
  429: 'throttled',
  501: 'unsupported',
  502: 'unreachable',
  503: 'throttled',
  504: 'timeout',
  507: 'store-full',
}

/** Errors of a connection that was never made, so that nothing can have happened. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'CONNECT_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'FORBIDDEN_ADDRESS',
])

const TIMED_OUT: ReadonlySet<string> = new Set([
  'TimeoutError',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'CONNECT_TIMEOUT',
  'IDLE_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])

const BROKEN =
  /^(E[A-Z]+|REQUEST_SEND_ERROR|UND_ERR_SOCKET|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|UNABLE_TO_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*)$/

/** What the code of a connection's error means, whoever names it: Node, undici or our own pools. */
export function kindOfConnectionError(code: string | null): StoreErrorKind {
  if (code === null) return 'unexpected'
  if (code === 'FORBIDDEN_ADDRESS') return 'unsupported'
  if (TIMED_OUT.has(code)) return 'timeout'
  return BROKEN.test(code) ? 'unreachable' : 'unexpected'
}

/** Whether the error says that no connection was made. */
export function neverConnected(code: string | null): boolean {
  return code !== null && NEVER_CONNECTED.has(code)
}
