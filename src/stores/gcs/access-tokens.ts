import { GoogleAuth, JWT } from 'google-auth-library'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { type GcsCredentials, type GcsSettings, isGoogle, type ServiceAccountKey } from './config.ts'

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write']

/** Gives the token that a request shows, or null where none is shown. */
export type AccessTokens = (operation: StoreOperation) => Promise<string | null>

/**
 * The tokens of a store: of its service account's key, else of this machine at Google's own endpoint, else
 * none. Google's library keeps a token until shortly before it expires. Nothing is asked before the first
 * request.
 */
export function accessTokensOf(options: {
  settings: GcsSettings
  credentials: GcsCredentials
}): AccessTokens {
  const { settings, credentials } = options
  if (credentials === null && !isGoogle(settings)) return async () => null
  const getToken = credentials === null ? tokensOfMachine() : tokensOfKey(credentials)
  return async operation => {
    try {
      const token = await inTime(getToken(), settings.requestTimeoutMs)
      if (token) return token
    } catch (error) {
      throw noToken(operation, error)
    }
    throw storeFailure(operation, 'access-denied', 'Google gave no token')
  }
}

type TokenSource = () => Promise<string | null | undefined>

function tokensOfMachine(): TokenSource {
  const auth = new GoogleAuth({ scopes: SCOPES })
  return () => auth.getAccessToken()
}

function tokensOfKey({ email, privateKey }: ServiceAccountKey): TokenSource {
  const client = new JWT({ email, key: privateKey.reveal(), scopes: SCOPES })
  return async () => (await client.getAccessToken()).token
}

/** Errors of the way to Google. What else fails without an answer is a key or a machine that is none. */
const BROKEN_LINE = /^(E[A-Z]+|UND_ERR_.*|ERR_TLS_.*|CERT_.*|UNABLE_TO_.*)$/

/** What the library throws holds the signed request, so only its text goes on. */
function noToken(operation: StoreOperation, error: unknown) {
  const { message, code, response } = (error ?? {}) as {
    message?: string
    code?: unknown
    response?: { status?: number }
  }
  const status = response?.status ?? null
  const isAway =
    status === null
      ? error instanceof TokenTimeout || BROKEN_LINE.test(String(code))
      : status >= 500 || status === 429
  const kind = isAway ? 'unreachable' : 'access-denied'
  return storeFailure(operation, kind, `no token to show: ${message ?? 'unknown'}`)
}

class TokenTimeout extends Error {
  override readonly name = 'TokenTimeout'
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TokenTimeout(`none came in ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
