import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { ImportResource } from '../../api/schemas/import.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import { rest } from '../../workers/loop.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts'
import { processProgress } from '../progress.ts'
import { checkedId, findNamed } from '../references.ts'
import type { Session } from '../session.ts'
import { bytesText, countText, durationText } from '../units.ts'
import { importView } from '../views/import.ts'

interface Options {
  location?: string
  prefix?: string
  resume?: string
  wait: boolean
}

const POLL_MS = 500

/** `dim import`: the server lists a container into the catalog; this command asks for it and watches. */
export const registerImport: Register = (program, bind) => {
  const command = program
    .command('import [bucket]')
    .description('list what already lies in a container into the catalog; no object body is read')
    .option('--location <location>', 'where it lies (where the bucket writes)')
    .option('--prefix <text>', 'only keys that start with this')
    .option('--resume <id>', 'go on with an import that was interrupted or failed')
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      '\nCtrl-C stops watching, not the import: "dim import --resume ID" watches it again.',
    )
  bind<Options>(command, async (session, options, bucket) => {
    const job =
      options.resume === undefined
        ? await start(session, options, bucket)
        : await resume(session, options.resume)
    const last = options.wait ? await watch(session, job) : job
    session.out.one(last, importView)
    return exitCodeOf(session, last)
  })
}

async function start(
  session: Session,
  options: Options,
  bucketName: string | undefined,
): Promise<ImportResource> {
  if (bucketName === undefined)
    throw new CliError(EXIT.usage, 'name the bucket to import into, or --resume ID')
  const bucket = await findNamed<BucketResource>(session.api, 'bucket', bucketName)
  const location =
    options.location === undefined
      ? bucket.writeLocation
      : await findNamed<LocationResource>(session.api, 'location', options.location)
  return session.api.post<ImportResource>('/v1/imports', {
    bucketId: bucket.id,
    locationId: location.id,
    prefix: options.prefix ?? '',
  })
}

async function resume(session: Session, id: string): Promise<ImportResource> {
  const job = await session.api.get<ImportResource>(`/v1/imports/${checkedId(id)}`)
  if (job.state === 'running' || job.state === 'done') return job
  return session.api.post<ImportResource>(`/v1/imports/${job.id}/resume`)
}

async function watch(session: Session, first: ImportResource): Promise<ImportResource> {
  const progress = processProgress(session)
  const start = performance.now()
  let job = first
  while (job.state === 'running') {
    await rest(POLL_MS, session.signal)
    if (session.signal.aborted) {
      progress.finish(`the import goes on: dim import --resume ${job.id}`)
      return job
    }
    job = await session.api.get<ImportResource>(`/v1/imports/${job.id}`)
    progress.update(
      progressText(job, job.objects + job.known - first.objects - first.known, performance.now() - start),
    )
  }
  progress.finish(
    progressText(job, job.objects + job.known - first.objects - first.known, performance.now() - start),
  )
  for (const [reason, keys] of Object.entries(job.skippedBecause))
    session.out.say(
      `skipped ${countText(keys.count)} (${reason}), for example ${JSON.stringify(keys.example)}`,
    )
  if (job.error !== null) session.out.say(`${job.error}\nTo go on: dim import --resume ${job.id}`)
  return job
}

/** A container does not say how many objects it has, so there is no time of arrival to show. */
function progressText(job: ImportResource, seenNow: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (seenNow * 1_000) / elapsedMs : 0
  return `${job.state}: ${countText(job.objects)} objects, ${bytesText(job.bytes)}, ${countText(rate)} objects/s, ${durationText(elapsedMs / 1_000)}; the end is not known before it is reached`
}

function exitCodeOf(session: Session, job: ImportResource): ExitCode {
  switch (job.state) {
    case 'running':
      return session.signal.aborted ? EXIT.interrupted : EXIT.ok
    case 'done':
      return job.skipped > 0 ? EXIT.partial : EXIT.ok
    case 'interrupted':
      return EXIT.retryable
    case 'failed':
      return EXIT.error
    default:
      return job.state satisfies never
  }
}
