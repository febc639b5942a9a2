import type { GatewayClient } from '../../simulator/client/gateway-client.ts'
import type { ContentTruth } from './written-content.ts'

/** What reading every object through the gateway showed. */
export interface ContentReport {
  readonly objects: number
  readonly wrong: readonly string[]
  readonly lost: readonly string[]
}

const OPEN_MAX = 16
/** A read that gets no answer because something is just starting is asked again this often. */
const ATTEMPTS_MAX = 3

/** Reads every object the demo knows of through the gateway and compares its SHA-256 with the demo's truth. */
export async function verifyContent(options: {
  client: GatewayClient
  bucket: string
  truth: ContentTruth
}): Promise<ContentReport> {
  const keys = [...options.truth.keys()]
  const [wrong, lost]: [string[], string[]] = [[], []]
  let next = 0
  async function work(): Promise<void> {
    while (next < keys.length) {
      const key = keys[next++]!
      const sha256 = await readDigest(options, key)
      if (sha256 === null) lost.push(key)
      else if (!options.truth.allows(key, sha256)) wrong.push(key)
    }
  }
  await Promise.all(Array.from({ length: OPEN_MAX }, work))
  return { objects: keys.length, wrong, lost }
}

async function readDigest(
  options: { client: GatewayClient; bucket: string },
  key: string,
): Promise<string | null> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const answer = await options.client.read(options.bucket, key).catch(() => null)
    if (answer?.status === 200) return answer.sha256
    if (answer?.status === 404) return null
  }
  return null
}
