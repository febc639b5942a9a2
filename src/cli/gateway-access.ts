import type { AccessKeyResource } from '../api/schemas/access-key.ts'
import type { ReaderClass } from '../domain/access-event.ts'
import { createGatewayClient, type GatewayClient } from '../simulator/client/gateway-client.ts'
import { CliError, EXIT } from './exit-codes.ts'
import type { Session } from './session.ts'

/** Options of commands that speak S3 to the gateway. */
export interface GatewayOptions {
  readonly gateway?: string
  readonly accessKeyId?: string
  readonly region: string
}

const CONNECTIONS_MAX = 64

/**
 * Runs `work` with an S3 client of the gateway. Without a key of its own it asks the API for one of this
 * reader class, and revokes it in the end, whatever happened.
 */
export async function withGateway<Result>(
  session: Session,
  options: GatewayOptions & { readerClass: ReaderClass; mayWrite: boolean; openMax: number },
  work: (client: GatewayClient) => Promise<Result>,
): Promise<Result> {
  const endpoint = options.gateway ?? session.environment.DIM_GATEWAY ?? session.findLocalServer()?.gatewayUrl
  if (endpoint === undefined)
    throw new CliError(
      EXIT.usage,
      'which gateway? Name its address with --gateway, or run this beside the server',
    )
  const own = ownCredentials(session, options)
  const made = own === null ? await makeKey(session, options) : null
  const client = createGatewayClient({
    endpoint,
    credentials: own ?? { accessKeyId: made!.id, secretAccessKey: made!.secretAccessKey },
    region: options.region,
    connectionsMax: Math.min(CONNECTIONS_MAX, options.openMax),
  })
  try {
    return await work(client)
  } finally {
    await client.close()
    if (made !== null) await revokeKey(session, made.id)
  }
}

function ownCredentials(session: Session, options: GatewayOptions) {
  const accessKeyId = options.accessKeyId ?? session.environment.DIM_ACCESS_KEY_ID
  const secretAccessKey = session.environment.DIM_SECRET_ACCESS_KEY
  if (accessKeyId === undefined) return null
  if (secretAccessKey === undefined)
    throw new CliError(
      EXIT.auth,
      'put the secret of the access key into DIM_SECRET_ACCESS_KEY, or the name of its file into DIM_SECRET_ACCESS_KEY_FILE',
    )
  return { accessKeyId, secretAccessKey }
}

function makeKey(session: Session, options: { readerClass: ReaderClass; mayWrite: boolean }) {
  const { mayWrite, readerClass } = options
  return session.api.post<AccessKeyResource & { secretAccessKey: string }>('/v1/access-keys', {
    readerClass,
    mayWrite,
  })
}

async function revokeKey(session: Session, id: string): Promise<void> {
  await session
    .revokingApi()
    .delete(`/v1/access-keys/${id}`)
    .catch((error: Error) =>
      session.terminal.say(`the access key ${id} could not be revoked: ${error.message}`),
    )
}
