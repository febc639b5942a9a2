import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SCRIPT = join(import.meta.dirname, '..', 'services', 's3-clients')
const RUN_MS_MAX = 120_000

/** A real S3 client that is not ours. */
export type ClientName = 'aws' | 'python' | 'rclone'

/**
 * The path of a client, or why its tests are skipped. With `DIM_REQUIRE_SERVICES=1` a missing client throws
 * instead.
 */
export async function findClient(name: ClientName): Promise<{ path: string } | { missing: string }> {
  try {
    const { stdout } = await promisify(execFile)(SCRIPT, ['path', name])
    return { path: stdout.trim() }
  } catch (cause) {
    const missing = `the S3 client ${name} is not installed: run "test/services/s3-clients install"`
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(missing, { cause })
    return { missing }
  }
}

/** Runs a client to its end and gives back what it printed. Rejects with its complaints when it fails. */
export async function runClient(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  // Settings of the machine must not reach the client; an empty bundle name would even stop it.
  const { AWS_CA_BUNDLE: _bundle, AWS_PROFILE: _profile, ...inherited } = process.env
  const { stdout } = await promisify(execFile)(path, args, {
    env: { ...inherited, ...environment },
    timeout: RUN_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}
