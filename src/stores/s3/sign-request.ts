import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

/** Who signs. The secrets never leave this process. */
export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** What is signed of a request. `path` and `query` are already percent-encoded, `query` in sorted order. */
export interface RequestToSign {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: string
  /** Further headers to be sent and signed, names lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly payloadSha256: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** Turns a request into the headers to send with it. */
export type RequestSigner = (request: RequestToSign, now: Date) => Record<string, string>

/**
 * Makes a signer of S3 requests by AWS Signature Version 4 (header form).
 * One signer per client: it keeps the key it derived for the present day.
 *
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function requestSigner(credentials: SigningCredentials, region: string): RequestSigner {
  let keyDate = ''
  let key: KeyObject
  return (request, now) => {
    const time = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
    const date = time.slice(0, 8)
    if (date !== keyDate) {
      key = signingKey(credentials.secretAccessKey, date, region)
      keyDate = date
    }
    const headers: Record<string, string> = {
      ...request.headers,
      host: request.host,
      'x-amz-content-sha256': request.payloadSha256,
      'x-amz-date': time,
      ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    }
    const names = Object.keys(headers).sort()
    const signedNames = names.join(';')
    const canonical = [
      request.method,
      request.path,
      request.query,
      ...names.map(name => `${name}:${headers[name]!.trim()}`),
      '',
      signedNames,
      request.payloadSha256,
    ].join('\n')
    const scope = `${date}/${region}/s3/aws4_request`
    const toSign = [ALGORITHM, time, scope, hash('sha256', canonical, 'hex')].join('\n')
    const signature = createHmac('sha256', key).update(toSign).digest('hex')
    headers.authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`
    return headers
  }
}

/** A key object: handing the bytes over anew for each signature would take seven times as long. */
function signingKey(secret: string, date: string, region: string): KeyObject {
  let key = Buffer.from(`AWS4${secret}`)
  for (const part of [date, region, 's3', 'aws4_request']) {
    key = createHmac('sha256', key).update(part).digest()
  }
  return createSecretKey(key)
}

/** Percent-encodes a key or query value as S3 signs it; slashes stay when asked to. */
export function encodeForS3(text: string, options: { keepSlashes?: boolean } = {}): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return options.keepSlashes === true ? encoded.replaceAll('%2F', '/') : encoded
}
