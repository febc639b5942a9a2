import { loadConfig } from '../app/config.ts'
import { findBucketByName } from '../database/catalog/buckets.ts'
import { type Verification, type VerificationSummary, verifyObjects } from '../workers/verify-objects.ts'
import { CliError, EXIT, type ExitCode } from './exit-codes.ts'
import { processProgress } from './progress.ts'
import type { Session } from './session.ts'
import { bytesText, countText } from './units.ts'

/** What each outcome is called in the symbols of `rclone check`. */
const SYMBOLS: Readonly<Record<Verification['outcome'], string>> = {
  same: '=',
  unproven: '=',
  missing: '-',
  differs: '*',
  error: '!',
}

/**
 * Checks every copy straight at its store, from the machine that has the data folder: what the gateway can
 * only refuse to serve is told apart here. Needs no running server.
 */
export async function verifyCopies(
  session: Session,
  options: { bucket: string | undefined; download: boolean; all: boolean; concurrency: number },
): Promise<ExitCode> {
  const { openCatalog } = await import('../app/open-catalog.ts')
  const dataDir = session.findLocalServer()?.dataFolder
  const overrides = dataDir === undefined ? {} : { dataDir }
  const catalog = await openCatalog(loadConfig({ environment: session.environment, overrides }))
  const progress = processProgress(session)
  const found: Verification[] = []
  try {
    const bucketId = await bucketIdOf(catalog.database, options.bucket)
    let checks = 0
    const summary = await verifyObjects({
      database: catalog.database,
      storeOf: catalog.storeOf,
      bucketId,
      readBytes: options.download,
      primaryOnly: false,
      concurrency: options.concurrency,
      signal: session.signal,
      onResult(verification) {
        checks++
        if (options.all || SYMBOLS[verification.outcome] !== '=') report(session, verification, found)
        progress.update(`${countText(checks)} copies checked`)
      },
    })
    if (session.out.format === 'json' || session.out.format === 'yaml')
      session.out.one(found, { name: String, columns: [] })
    progress.finish(summaryText(summary))
    return exitCodeOf(summary)
  } finally {
    await catalog.close()
  }
}

async function bucketIdOf(database: Parameters<typeof findBucketByName>[0], name: string | undefined) {
  if (name === undefined) return null
  const bucket = await findBucketByName(database, name)
  if (bucket === null) throw new CliError(EXIT.notFound, `there is no bucket "${name}"`)
  return bucket.id
}

/** Prints a line at once for people; scripts get everything as one document in the end. */
function report(session: Session, verification: Verification, found: Verification[]): void {
  if (session.out.format === 'json' || session.out.format === 'yaml') {
    found.push(verification)
    return
  }
  const { bucket, detail, key, location, outcome } = verification
  const place = location === null ? '' : ` in ${location}`
  session.terminal.print(
    `${SYMBOLS[outcome]} ${bucket}/${key}${place}${detail === null ? '' : `  (${detail})`}`,
  )
}

function summaryText({ bytes, outcomes }: VerificationSummary): string {
  const { differs, error, missing, same, unproven } = outcomes
  const withoutDigest = unproven > 0 ? `${countText(unproven)} of them without a known digest, ` : ''
  return `${countText(same + unproven)} copies same, ${withoutDigest}${countText(missing)} missing, ${countText(differs)} differ, ${countText(error)} unchecked, ${bytesText(bytes)} read`
}

function exitCodeOf({ checks, outcomes }: VerificationSummary): ExitCode {
  if (outcomes.missing + outcomes.differs > 0) return EXIT.mismatch
  if (outcomes.error > 0) return EXIT.partial
  return checks === 0 ? EXIT.nothingToDo : EXIT.ok
}
