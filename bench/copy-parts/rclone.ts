import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { S3Server } from '../../test/services/s3-server.ts'
import type { MoverReport } from './mover-process.ts'

/** rclone with two S3 servers it knows as `one` and `two`. */
export interface Rclone {
  /** Runs a command and waits for its end. */
  run(...words: readonly string[]): Promise<MoverReport>
}

/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100
const SAMPLE_MS = 25

/** Null when rclone is not installed. */
export async function openRclone(
  folder: string,
  servers: Readonly<Record<string, S3Server>>,
): Promise<Rclone | null> {
  const script = path.join(import.meta.dirname, 'rclone')
  const binary = await promisify(execFile)(script, ['path']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (binary === null) return null
  const file = path.join(folder, 'rclone.conf')
  const sections = Object.entries(servers).map(
    ([name, server]) => `[${name}]
type = s3
provider = Other
access_key_id = ${server.accessKeyId}
secret_access_key = ${server.secretAccessKey}
endpoint = ${server.endpoint}
force_path_style = true
no_check_bucket = true
`,
  )
  await writeFile(file, sections.join('\n'))
  return { run: (...words) => measure(binary, ['--config', file, ...words]) }
}

/** Time, processor time and peak memory of one process, sampled from `/proc`. */
async function measure(binary: string, words: readonly string[]): Promise<MoverReport> {
  // Its own certificates are of no use for two servers on this machine.
  const { AWS_CA_BUNDLE: _, ...environment } = process.env
  const startedAt = performance.now()
  const child = spawn(binary, words, { stdio: ['ignore', 'ignore', 'pipe'], env: environment })
  let seen = { cpuSeconds: 0, memoryBytesMax: 0 }
  const sample = setInterval(() => {
    sampleOf(child.pid!).then(
      now => {
        seen = now
      },
      () => clearInterval(sample),
    )
  }, SAMPLE_MS)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-2_000)
  })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(sample)
  if (code !== 0) throw new Error(`rclone ${words.join(' ')} ended with ${code}: ${complaint}`)
  return { seconds: (performance.now() - startedAt) / 1_000, ...seen }
}

async function sampleOf(pid: number): Promise<{ cpuSeconds: number; memoryBytesMax: number }> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ])
  // The name of the process, in brackets, may hold spaces; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    memoryBytesMax: kib * 1_024,
  }
}
