import type { PlacedCopy } from '../../database/catalog/copies.ts'
import type { OrphanSighting } from '../../database/upkeep/orphans.ts'
import { matchCatalog, type UnlistedCopy } from '../../database/upkeep/reconcile-matches.ts'
import type { ReconcileFinding } from '../../database/upkeep/reconcile-runs.ts'
import type { Copy } from '../../domain/object.ts'
import type { ReconcileCounts } from '../../domain/reconcile.ts'
import { examineUnknown } from './examine-unknown.ts'
import type { InventoryEntry } from './inventories/inventory.ts'
import { isWhole, judgeEntry } from './judge-entry.ts'
import { type KeyedObject, objectOfKey } from './object-of-key.ts'
import type { RunningReconcile } from './reconcile-parts.ts'
import { settleCopies } from './settle-copies.ts'

/** What a page of an inventory showed. */
export interface ComparedPage {
  /** Copies whose place was listed, whatever lies there. */
  readonly seen: readonly Copy[]
  readonly sightings: readonly OrphanSighting[]
  readonly findings: readonly ReconcileFinding[]
  readonly counts: Partial<ReconcileCounts>
}

/** Compares a page of an inventory with the catalog, and settles what differs. Rejects with a `StoreError`. */
export async function comparePage(
  running: RunningReconcile,
  entries: readonly InventoryEntry[],
): Promise<ComparedPage> {
  const listed = entries
    .filter(entry => entry.key.startsWith(running.run.prefix))
    .map(entry => ({ entry, keyed: objectOfKey(entry.key, running) }))
  const { copies, underWay } = await matchCatalog(running.database, running.place, [
    ...new Set(listed.flatMap(({ keyed }) => (keyed === null ? [] : [keyed.objectId]))),
  ])
  const byKey = Map.groupBy(copies, ({ place }) => place.nativeKey)
  const seen: Copy[] = []
  const changed: UnlistedCopy[] = []
  const unknown: InventoryEntry[] = []
  const counted = { known: 0, underWay: 0 }
  for (const { entry, keyed } of listed) {
    const placedThere = byKey.get(entry.key) ?? []
    const copiesThere = placedThere.map(({ copy }) => copy)
    seen.push(...copiesThere)
    const isUnderWay = keyed !== null && underWay.has(keyed.objectId)
    const verdict = judgeEntry({ entry, copiesThere, isUnderWay })
    if (verdict === 'known') counted.known++
    else if (verdict === 'under-way') counted.underWay++
    else if (verdict === 'changed') changed.push(...changedOf(placedThere, keyed!))
    else unknown.push(entry)
  }
  const settled = await settleCopies(running, changed)
  const sightings = await examineUnknown(running, unknown)
  const findings = [...settled.findings, ...sightings.map(findingOf)]
  const counts = {
    listed: listed.length,
    listedBytes: listed.reduce((sum, { entry }) => sum + entry.size, 0),
    ...counted,
    unsettled: settled.unsettled,
    ...countFindings(findings),
  }
  return { seen, sightings, findings, counts }
}

function changedOf(placed: readonly PlacedCopy[], keyed: KeyedObject): UnlistedCopy[] {
  return placed
    .filter(({ copy }) => isWhole(copy))
    .map(there => ({ ...there, bucketId: keyed.bucket.id, key: keyed.key ?? there.place.nativeKey }))
}

function findingOf(sighting: OrphanSighting): ReconcileFinding {
  const { bytes, kind, nativeKey, objectId, reason } = sighting
  return { verdict: kind === 'forgotten' ? 'forgotten' : 'dark', nativeKey, objectId, bytes, detail: reason }
}

/** Findings as the counts of a run. */
export function countFindings(findings: readonly ReconcileFinding[]): Partial<ReconcileCounts> {
  const of = (verdict: ReconcileFinding['verdict']) => findings.filter(finding => finding.verdict === verdict)
  const bytes = (some: readonly ReconcileFinding[]) => some.reduce((sum, finding) => sum + finding.bytes, 0)
  const [dark, forgotten, missing] = [of('dark'), of('forgotten'), of('missing')]
  return {
    dark: dark.length,
    darkBytes: bytes(dark),
    forgotten: forgotten.length,
    forgottenBytes: bytes(forgotten),
    missing: missing.length,
    missingBytes: bytes(missing),
    changed: of('changed').length,
    followed: of('followed').length,
  }
}
