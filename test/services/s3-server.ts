import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startServer } from './start-server.ts'

/** A real S3 server of one test file. */
export interface S3Server {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

export interface S3ServerOptions {
  /** Where its folder is made. Default: the folder for temporary files. */
  readonly parentFolder?: string
  /** Connections serve more than one request, as at every server but this one by default. */
  readonly keepsConnections?: boolean
  /** Its buckets can be told to keep old versions. */
  readonly keepsVersions?: boolean
}

type Started = S3Server | { readonly missing: string }

const CREDENTIALS = { accessKeyId: 'dimtestkey', secretAccessKey: 'dimtestsecret' }

/**
 * Starts an S3 server of its own over a folder (versitygw), or answers why there is none ({@link
 * startServer}).
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<Started> {
  return asS3Server(
    await startServer({
      script: 'versitygw',
      called: 'the S3 server versitygw',
      startMsMax: 20_000,
      ...(options.parentFolder === undefined ? {} : { parentFolder: options.parentFolder }),
      command: async ({ program, port, folder }) => {
        const [data, versions] = options.keepsVersions
          ? [join(folder, 'data'), join(folder, 'versions')]
          : [folder]
        if (versions !== undefined) await Promise.all([mkdir(data), mkdir(versions)])
        return {
          program,
          parameters: [
            ...['--access', CREDENTIALS.accessKeyId, '--secret', CREDENTIALS.secretAccessKey],
            ...['--port', `127.0.0.1:${port}`, '--quiet'],
            ...(options.keepsConnections === true ? ['--keep-alive'] : []),
            'posix',
            ...(versions === undefined ? [] : ['--versioning-dir', versions]),
            data,
          ],
        }
      },
    }),
  )
}

/** Starts a model of AWS with everything in memory (moto), which takes any credentials. */
export async function startMoto(): Promise<Started> {
  return asS3Server(
    await startServer({
      script: 'moto',
      called: 'the S3 server moto',
      startMsMax: 60_000,
      command: ({ program, port }) => ({
        program: join(program, '..', 'python'),
        parameters: [program, '-H', '127.0.0.1', '-p', String(port)],
      }),
    }),
  )
}

/** Starts an S3 server over a folder that is written in Java (s3proxy). */
export async function startS3Proxy(): Promise<Started> {
  return asS3Server(
    await startServer({
      script: 's3proxy',
      called: 'the S3 server s3proxy',
      startMsMax: 60_000,
      command: async ({ program, port, folder }) => {
        const configuration = join(folder, 's3proxy.conf')
        await mkdir(join(folder, 'data'))
        await writeFile(
          configuration,
          [
            `s3proxy.endpoint=http://127.0.0.1:${port}`,
            's3proxy.authorization=aws-v4',
            `s3proxy.identity=${CREDENTIALS.accessKeyId}`,
            `s3proxy.credential=${CREDENTIALS.secretAccessKey}`,
            'jclouds.provider=filesystem-nio2',
            `jclouds.filesystem.basedir=${join(folder, 'data')}`,
          ].join('\n'),
        )
        return { program: 'java', parameters: ['-jar', program, '--properties', configuration] }
      },
    }),
  )
}

function asS3Server(server: Awaited<ReturnType<typeof startServer>>): Started {
  if ('missing' in server) return server
  return { endpoint: `http://127.0.0.1:${server.port}`, ...CREDENTIALS, stop: server.stop }
}
