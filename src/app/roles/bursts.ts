import { randomBytes } from 'node:crypto'
import { findAccessKey, insertAccessKey } from '../../database/people/access-keys.ts'
import { principal } from '../../domain/principal.ts'
import { Redacted } from '../../domain/redacted.ts'
import { accessKeyPurpose } from '../../domain/secret-box.ts'
import { createGatewayClient } from '../../simulator/client/gateway-client.ts'
import { type BurstReader, burstLoop } from '../../workers/run-bursts.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** The access key under which bursts are read: made once per database, of class application. */
const BURST_KEY_ID = 'DIM-BURSTS'
const CONNECTIONS_MAX = 32

/** Makes the reads of the bursts that people ask for, as a client of the gateway at `gatewayUrl`. */
export async function startBursts(parts: ServerParts, gatewayUrl: string): Promise<RunningRole> {
  const client = createGatewayClient({
    endpoint: gatewayUrl,
    credentials: { accessKeyId: BURST_KEY_ID, secretAccessKey: await burstSecret(parts) },
    region: parts.config.gateway.region,
    connectionsMax: CONNECTIONS_MAX,
  })
  const reader: BurstReader = {
    async read(bucket, key, signal) {
      const answer = await client.read(bucket, key, { signal })
      return { bytes: answer.bytes, error: answer.errorCode }
    },
    async list(bucket, prefix, limit, signal) {
      const keys: string[] = []
      for await (const page of client.list(bucket, { prefix, signal })) {
        keys.push(...page.map(listed => listed.key))
        if (keys.length >= limit) break
      }
      return keys.slice(0, limit)
    },
  }
  const loop = burstLoop({ database: parts.database, reader, log: parts.log, owner: parts.owner })
  return runLoops(parts, [loop], () => client.close())
}

async function burstSecret(parts: ServerParts): Promise<string> {
  const known = await findAccessKey(parts.database, BURST_KEY_ID)
  if (known !== null) return parts.secretBox.open(known.secretSealed, accessKeyPurpose(BURST_KEY_ID)).reveal()
  const secret = randomBytes(32).toString('base64url')
  try {
    await insertAccessKey(parts.database, {
      id: BURST_KEY_ID,
      secretSealed: parts.secretBox.seal(new Redacted(secret), accessKeyPurpose(BURST_KEY_ID)),
      readerClass: 'application',
      bucketIds: null,
      mayWrite: false,
      principal: principal('system', 'bursts'),
    })
    return secret
  } catch (error) {
    // Another gateway that starts at the same moment was first: its key is the one.
    if ((error as { code?: string }).code !== '23505') throw error
    return burstSecret(parts)
  }
}
