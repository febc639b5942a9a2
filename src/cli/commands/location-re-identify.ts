import { loadConfig } from '../../app/config.ts'
import { listPlacedLocations } from '../../database/catalog/locations.ts'
import {
  type ReidentificationSummary,
  type ReidentifiedCopy,
  reidentifyCopies,
} from '../../workers/imports/re-identify-copies.ts'
import { positive, type Register } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts'
import { processProgress } from '../progress.ts'
import { bytesText, countText } from '../units.ts'

/** `dim location re-identify`: the way back for a store whose identities changed although its bytes did not. */
export const registerLocationReIdentify: Register = (noun, bind) => {
  const command = noun
    .command('re-identify <location>')
    .description('accept what a store calls the bytes now, where reading proves that they are the same')
    .option('--concurrency <n>', 'copies read at once', positive, 4)
    .addHelpText(
      'after',
      `
For a store that was restored in a way that changed what it calls its bytes (ETag, version, a file's time), so that
readers get errors, and for bytes that were put back by hand where a quarantined object lay. Every copy of the location
is asked for; one that the store calls otherwise than the catalog, or that readers should get and nobody trusts, is
read, and accepted only if length and SHA-256 (or CRC-64/NVME) are the catalog's. The others are printed:
  *  other bytes than the catalog says, nothing was changed
  -  gone from the store
  ?  no digest was ever recorded, so nothing can be proven: in a bucket that is shared or observed, import it again
  !  could not be read just now
Works from the machine that has the data folder, with or without a running server; may be stopped and begun again.
Exit code 7 when anything is damaged, gone or unproven, 8 when something could not be read.`,
    )
  bind<{ concurrency: number }>(command, async (session, options, name) => {
    const { openCatalog } = await import('../../app/open-catalog.ts')
    const dataDir = session.findLocalServer()?.dataFolder
    const overrides = dataDir === undefined ? {} : { dataDir }
    const catalog = await openCatalog(loadConfig({ environment: session.environment, overrides }))
    const progress = processProgress(session)
    const found: ReidentifiedCopy[] = []
    const isDocument = session.out.format === 'json' || session.out.format === 'yaml'
    try {
      const locations = await listPlacedLocations(catalog.database)
      const location = locations.find(one => one.name === name || one.id === name)
      if (location === undefined) throw new CliError(EXIT.notFound, `there is no location "${name}"`)
      let copies = 0
      const summary = await reidentifyCopies({
        ...catalog,
        locationId: location.id,
        concurrency: Math.ceil(options.concurrency),
        signal: session.signal,
        onResult(copy) {
          copies++
          const symbol = SYMBOLS[copy.outcome]
          if (symbol !== null && isDocument) found.push(copy)
          else if (symbol !== null)
            session.terminal.print(`${symbol} ${copy.bucket}/${copy.key}  (${copy.detail})`)
          progress.update(`${countText(copies)} ${copies === 1 ? 'copy' : 'copies'}`)
        },
      })
      if (isDocument) session.out.one({ ...summary, copies: found }, { name: String, columns: [] })
      progress.finish(summaryText(summary))
      return exitCodeOf(summary)
    } finally {
      await catalog.close()
    }
  })
}

const SYMBOLS: Readonly<Record<ReidentifiedCopy['outcome'], string | null>> = {
  same: null,
  adopted: null,
  damaged: '*',
  missing: '-',
  unproven: '?',
  error: '!',
}

function summaryText({ bytes, outcomes }: ReidentificationSummary): string {
  const { adopted, damaged, error, missing, same, unproven } = outcomes
  return `${countText(adopted)} accepted, ${countText(same)} were the same, ${countText(damaged)} damaged, ${countText(missing)} missing, ${countText(unproven)} without a digest, ${countText(error)} unread, ${bytesText(bytes)} read`
}

function exitCodeOf({ outcomes }: ReidentificationSummary): ExitCode {
  if (outcomes.damaged + outcomes.missing + outcomes.unproven > 0) return EXIT.mismatch
  if (outcomes.error > 0) return EXIT.partial
  return outcomes.same + outcomes.adopted === 0 ? EXIT.nothingToDo : EXIT.ok
}
