import { Option } from 'commander'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { ImportResource } from '../../api/schemas/import.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import { rest } from '../../workers/timers.ts'
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
  acceptRemovals?: boolean
  wait: boolean
}

const POLL_MS = 500
/** Keys shown of each kind; the API names a few more. */
const NAMED_KEYS_MAX = 3

/** `dim import`: the server lists a container into the catalog; this command asks for it and watches. */
export const registerImport: Register = (program, bind) => {
  const command = program
    .command('import [bucket]')
    .description('list what already lies in a container into the catalog; no object body is read')
    .option('--location <location>', 'where it lies (where the bucket writes)')
    .option('--prefix <text>', 'only keys that start with this')
    .addOption(
      new Option('--resume <id>', 'go on with an import that was interrupted or failed').conflicts([
        'location',
        'prefix',
        'acceptRemovals',
      ]),
    )
    .option('--accept-removals', 'follow removals also when they are more than half of the bucket')
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      `
An import run again finds what others did to the container meanwhile. In a bucket that is shared or observed
the catalog follows: overwritten objects are "changed", those that are gone "removed". In an exclusive bucket
nobody else writes, so they are "conflicting" and "missing", and nothing is changed (exit code 7).

Ctrl-C stops watching, not the import: "dim import --resume ID" watches it again.`,
    )
  bind<Options>(command, async (session, options, bucket) => {
    if (options.resume !== undefined && bucket !== undefined)
      throw new CliError(EXIT.usage, '--resume goes on as it began: name no bucket')
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
    acceptRemovals: options.acceptRemovals === true,
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
  for (const line of foreignChangeLines(job)) session.out.say(line)
  if (job.error !== null) session.out.say(`${job.error}\nTo go on: dim import --resume ${job.id}`)
  return job
}

const FOREIGN_CHANGES = {
  changed: 'others overwrote these, the catalog follows',
  conflicting: 'not the bytes of the catalog although only we write here, nothing was changed',
  removed: 'others removed these, the catalog follows',
  missing: 'gone from the container, kept in the catalog',
} as const

function foreignChangeLines(job: ImportResource): string[] {
  const lines = (['changed', 'removed', 'conflicting', 'missing'] as const)
    .filter(kind => job[kind] > 0)
    .map(kind => {
      const keys = (job.foreignKeys[kind] ?? []).slice(0, NAMED_KEYS_MAX).map(key => JSON.stringify(key))
      return `${kind} ${countText(job[kind])} (${FOREIGN_CHANGES[kind]}), for example ${keys.join(', ')}`
    })
  if (!job.removalsWithheld) return lines
  const prefix = job.prefix === '' ? '' : ` --prefix ${JSON.stringify(job.prefix)}`
  const command = `dim import ${job.bucket.name} --location ${job.location.name}${prefix} --accept-removals`
  return [
    ...lines,
    `that is more than half of the bucket, so nothing was removed: is it the right container, and is it mounted?\nIf they are gone for good: ${command}`,
  ]
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
      if (job.conflicting > 0 || (job.missing > 0 && !job.removalsWithheld)) return EXIT.mismatch
      return job.skipped > 0 || job.removalsWithheld ? EXIT.partial : EXIT.ok
    case 'interrupted':
      return EXIT.retryable
    case 'failed':
      return EXIT.error
    default:
      return job.state satisfies never
  }
}
