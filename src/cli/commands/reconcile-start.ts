import { Option } from 'commander'
import type { LocationResource } from '../../api/schemas/location.ts'
import type { ReconcileRunResource } from '../../api/schemas/reconcile.ts'
import type { StoreResource } from '../../api/schemas/store.ts'
import { rest } from '../../workers/timers.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts'
import { processProgress } from '../progress.ts'
import { checkedId, findNamed } from '../references.ts'
import type { Session } from '../session.ts'
import { bytesText, countText } from '../units.ts'
import { reconcileView } from '../views/reconcile.ts'

interface Options {
  prefix?: string
  inventory?: string
  resume?: string
  delete?: boolean
  apartHours?: string
  shareMax?: string
  acceptMissing?: boolean
  wait: boolean
}

const POLL_MS = 500

/** `dim reconcile start`: the server compares a container with the catalog; this command asks and watches. */
export const registerReconcileStart: Register = (noun, bind) => {
  const command = noun
    .command('start [location]')
    .description('compare what lies in the container of a location with the catalog')
    .option('--inventory <store/container/key>', 'manifest of an inventory, instead of a listing')
    .option('--prefix <text>', 'only keys that start with this')
    .option('--delete', 'delete confirmed orphans at the end that moves of ours left')
    .option('--apart-hours <hours>', 'how far apart two scans confirm an orphan (24)')
    .option('--share-max <share>', 'delete nothing when more than this share would be (0.01)')
    .option('--accept-missing', 'go on although most of what should lie there is missing')
    .addOption(
      new Option('--resume <id>', 'go on with a run that was interrupted or failed').conflicts([
        'inventory',
        'prefix',
        'delete',
        'apartHours',
        'shareMax',
        'acceptMissing',
      ]),
    )
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      `
An inventory is what S3 Inventory, Azure blob inventory or Google's Storage Insights wrote, as CSV or Parquet; it
may lie in any store, a folder added as one included. What came or went after it was taken is asked for at the
store. What others put into the container is named ("dark") and never deleted.`,
    )
  bind<Options>(command, async (session, options, location) => {
    if (options.resume !== undefined && location !== undefined)
      throw new CliError(EXIT.usage, '--resume goes on as it began: name no location')
    const run =
      options.resume === undefined
        ? await start(session, options, location)
        : await session.api.post<ReconcileRunResource>(
            `/v1/reconcile-runs/${checkedId(options.resume)}/resume`,
          )
    const last = options.wait ? await watch(session, run) : run
    session.out.one(last, reconcileView)
    return exitCodeOf(session, last)
  })
}

async function start(
  session: Session,
  options: Options,
  locationName: string | undefined,
): Promise<ReconcileRunResource> {
  if (locationName === undefined)
    throw new CliError(EXIT.usage, 'name the location whose container to compare, or --resume ID')
  const location = await findNamed<LocationResource>(session.api, 'location', locationName)
  return session.api.post<ReconcileRunResource>('/v1/reconcile-runs', {
    locationId: location.id,
    prefix: options.prefix ?? '',
    inventory: options.inventory === undefined ? null : await inventoryOf(session, options.inventory),
    deletes: options.delete === true,
    acceptMissing: options.acceptMissing === true,
    ...(options.apartHours === undefined ? {} : { apartHours: Number(options.apartHours) }),
    ...(options.shareMax === undefined ? {} : { deletedShareMax: Number(options.shareMax) }),
  })
}

async function inventoryOf(session: Session, text: string) {
  const [, storeName, container, key] = /^([^/]+)\/([^/]+)\/([\s\S]+)$/.exec(text) ?? []
  if (storeName === undefined || container === undefined || key === undefined)
    throw new CliError(EXIT.usage, `"${text}" names no manifest: write STORE/CONTAINER/KEY`)
  const store = await findNamed<StoreResource>(session.api, 'store', storeName)
  return { storeId: store.id, container, key }
}

async function watch(session: Session, first: ReconcileRunResource): Promise<ReconcileRunResource> {
  const progress = processProgress(session)
  let run = first
  while (run.state === 'running') {
    await rest(POLL_MS, session.signal)
    if (session.signal.aborted) {
      progress.finish(`the run goes on: dim reconcile status ${run.id}`)
      return run
    }
    run = await session.api.get<ReconcileRunResource>(`/v1/reconcile-runs/${run.id}`)
    progress.update(progressText(run))
  }
  progress.finish(progressText(run))
  if (run.error !== null) session.out.say(`${run.error}\nTo go on: dim reconcile start --resume ${run.id}`)
  return run
}

function progressText({ counts, phase, state }: ReconcileRunResource): string {
  return `${state} (${phase}): ${countText(counts.listed)} listed, ${bytesText(counts.listedBytes)}, ${countText(counts.dark)} dark, ${countText(counts.forgotten)} forgotten, ${countText(counts.missing)} missing, ${countText(counts.changed)} changed`
}

function exitCodeOf(session: Session, run: ReconcileRunResource): ExitCode {
  switch (run.state) {
    case 'running':
      return session.signal.aborted ? EXIT.interrupted : EXIT.ok
    case 'done':
      return run.counts.missing + run.counts.changed > 0 ? EXIT.mismatch : EXIT.ok
    case 'interrupted':
      return EXIT.retryable
    case 'failed':
      return EXIT.error
    default:
      return run.state satisfies never
  }
}
