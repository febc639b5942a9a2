import { Option } from 'commander'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { ObjectDetail, ObjectSummary } from '../../api/schemas/object.ts'
import { positive, type Register } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts'
import { type GatewayOptions, withGateway } from '../gateway-access.ts'
import { withGatewayOptions } from '../gateway-options.ts'
import type { View } from '../output.ts'
import { processProgress } from '../progress.ts'
import { objectApiPath } from '../references.ts'
import type { Session } from '../session.ts'
import { bytesText, countText } from '../units.ts'
import { type CheckedObject, checkBucket, type VerificationTotals } from '../verify-bucket.ts'
import { verifyCopies } from '../verify-copies.ts'

interface Options extends GatewayOptions {
  bucket?: string
  download?: boolean
  all?: boolean
  direct?: boolean
  concurrency: number
}

const checkedView: View<CheckedObject> = {
  name: object => `s3://${object.bucket}/${object.key}`,
  columns: [
    { header: '', value: object => object.symbol },
    { header: 'OBJECT', value: object => `${object.bucket}/${object.key}` },
    { header: 'DETAIL', value: object => object.detail ?? '' },
  ],
}

/**
 * `dim verify`: what readers get against what the catalog says, in the symbols of `rclone check --combined`.
 */
export const registerVerify: Register = (program, bind) => {
  const command = program
    .command('verify')
    .description('check that readers get what the catalog says')
    .option('--bucket <bucket>', 'only this bucket')
    .option('--download', 'read every byte and compare its SHA-256, not only the last byte')
    .addOption(
      new Option(
        '--direct',
        'check every copy straight at its store, beside the data folder; needs no server',
      ).conflicts(['gateway', 'accessKeyId', 'region']),
    )
    .option('--all', 'print also the objects that are as they should be')
    .option('--concurrency <n>', 'objects read at once', positive, 16)
    .addHelpText('after', SYMBOLS)
  bind<Options>(withGatewayOptions(command), async (session, options) => {
    if (options.direct === true)
      return verifyCopies(session, {
        bucket: options.bucket,
        download: options.download === true,
        all: options.all === true,
        concurrency: Math.ceil(options.concurrency),
      })
    const buckets = await bucketNames(session, options.bucket)
    const totals: VerificationTotals = {
      ...{ same: 0, unproven: 0, missing: 0, extra: 0, differs: 0, error: 0, bytes: 0 },
      ...{ changedByOthers: 0, removedByOthers: 0, quarantined: 0 },
    }
    const progress = processProgress(session)
    const found: CheckedObject[] = []
    const onChecked = (object: CheckedObject) => {
      const isFine = object.symbol === '='
      if (!isFine || options.all === true)
        session.out.format === 'table' ? printLine(session, object) : found.push(object)
      progress.update(totalsText(totals))
    }
    const openMax = Math.ceil(options.concurrency)
    await withGateway(
      session,
      { ...options, openMax, readerClass: 'scan', mayWrite: false },
      async client => {
        for (const bucket of buckets)
          await checkBucket({
            client,
            bucket,
            catalog: catalogOf(session, bucket),
            describe: (name, key) => describe(session, name, key),
            download: options.download === true,
            openMax,
            signal: session.signal,
            totals,
            onChecked,
          })
      },
    )
    if (session.out.format !== 'table') session.out.list(found, checkedView)
    progress.finish(totalsText(totals))
    return exitCodeOf(totals)
  })
}

const SYMBOLS = `
Prints one line for every object that is not as it should be (--all: for every object):
  =  as the catalog says: SHA-256 with --download; size, ETag and the last byte's presence without
  -  in the catalog, but readers get nothing
  +  readers can list it, but the catalog does not know it
  *  other bytes than the catalog says
  !  could not be checked, or is in quarantine: no copy of it is trusted, whatever readers get
In a bucket that is shared or observed, bytes that others overwrote or removed at the store are "*" (changed by
others) and "-" (removed by others): the catalog follows them while they are read, so a second run finds "=".
Through the gateway a damaged copy cannot be told from one that is out of reach, because readers never get
wrong bytes: both are "!". With --direct they are "-", "*" and "!". Exit code 7 when anything is missing,
unknown or differs, 8 when something could not be checked or is
in quarantine.`

async function bucketNames(session: Session, wanted: string | undefined): Promise<string[]> {
  if (wanted !== undefined) return [wanted]
  const { items } = await session.api.list<BucketResource>('/v1/buckets', {}, Number.POSITIVE_INFINITY)
  return items.map(bucket => bucket.name)
}

async function* catalogOf(session: Session, bucket: string): AsyncGenerator<ObjectSummary[]> {
  let cursor: string | undefined
  do {
    const page: { items: ObjectSummary[]; nextCursor: string | null } = await session.api.get('/v1/objects', {
      bucket,
      cursor,
      limit: 1_000,
    })
    yield page.items
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

async function describe(session: Session, bucket: string, key: string): Promise<ObjectDetail | null> {
  try {
    return await session.api.get<ObjectDetail>(objectApiPath({ bucket, key }), { days: 1 })
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return null
    throw error
  }
}

function printLine(session: Session, object: CheckedObject): void {
  const detail = object.detail === null ? '' : `  (${object.detail})`
  session.terminal.print(`${object.symbol} ${object.bucket}/${object.key}${detail}`)
}

function totalsText(totals: VerificationTotals): string {
  const parts = [
    `${countText(totals.same)} same`,
    ...(totals.unproven > 0 ? [`${countText(totals.unproven)} of them without a known digest`] : []),
    `${countText(totals.missing)} missing`,
    ...(totals.removedByOthers > 0 ? [`${countText(totals.removedByOthers)} of them removed by others`] : []),
    `${countText(totals.extra)} unknown`,
    `${countText(totals.differs)} differ`,
    ...(totals.changedByOthers > 0 ? [`${countText(totals.changedByOthers)} of them changed by others`] : []),
    `${countText(totals.error)} unchecked`,
    ...(totals.quarantined > 0 ? [`${countText(totals.quarantined)} of them quarantined`] : []),
    `${bytesText(totals.bytes)} read`,
  ]
  return parts.join(', ')
}

function exitCodeOf(totals: VerificationTotals): ExitCode {
  if (totals.missing + totals.differs + totals.extra > 0) return EXIT.mismatch
  if (totals.error > 0) return EXIT.partial
  return totals.same === 0 ? EXIT.nothingToDo : EXIT.ok
}
