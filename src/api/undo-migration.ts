import { createMigrations } from '../database/migrations/migration-creation.ts'
import type { MigrationView } from '../database/migrations/migration-views.ts'
import { readPlacementFacts } from '../database/placement/placement-facts.ts'
import { MIGRATION_ATTEMPTS_MAX } from '../database/placement/plan-approval.ts'
import { inTransaction } from '../database/postgres.ts'
import { HOUR } from '../domain/duration.ts'
import { newId } from '../domain/identifiers.ts'
import { directionBetween } from '../domain/migration.ts'
import type { PlacementCost } from '../domain/placement.ts'
import type { Principal } from '../domain/principal.ts'
import { heatReadingAt } from '../heat/heat-reading.ts'
import { type Reversal, reverseOf } from '../migration/reverse.ts'
import { storagePartUsd } from '../placement/cost/placement-cost.ts'
import { requiredCopies } from '../placement/policy/required-copies.ts'
import { priceOptions } from '../placement/price-options.ts'
import type { ApiOptions } from './context.ts'
import { rulesFor } from './objects/explain-object.ts'
import { ApiError, notFound } from './problems.ts'
import type { Undo } from './schemas/undo.ts'

/**
 * Proposes the migration that undoes one whose grace is over, with its price, and plans it where `principal` is
 * given. Throws an ApiError `conflict` with the reason where it cannot be undone.
 */
export async function undoMigration(
  { clock, database }: Pick<ApiOptions, 'clock' | 'database'>,
  migration: MigrationView,
  principal: Principal | null,
): Promise<Undo> {
  const [row] = await readPlacementFacts(database, [migration.objectId])
  if (row === undefined) throw notFound('object with a primary copy', migration.key)
  const { copyId, generation, locationId, placementVersion, replicas = [] } = row.facts
  const reversal = reverseOf(migration, { generation, primary: { copyId, locationId }, replicas })
  if (typeof reversal === 'string') throw new ApiError('conflict', reversal)
  const rules = await rulesFor(row.facts, { clock, database })
  const facts = { ...row.facts, ...heatReadingAt(row.facts, rules.now) }
  const options = priceOptions(facts, rules)
  const optionAt = (id: string) => options.find(({ location }) => location.id === id)
  const [here, there] = [optionAt(locationId), optionAt(reversal.targetLocationId)]
  if (here === undefined || there === undefined)
    throw new ApiError('conflict', 'the location it came from is no longer there')
  const dropped = reversal.kind === 'drop-copy' ? (optionAt(migration.targetLocationId)?.cost ?? null) : null
  const price = priceOf(reversal, here.cost, there.cost, dropped)
  const id = principal === null ? null : newId()
  if (principal !== null && id !== null) {
    const required = requiredCopies(rules)
    const { created, refused } = await inTransaction(database, connection =>
      createMigrations(
        connection,
        [
          {
            id,
            kind: reversal.kind,
            ...(reversal.sourceCopyId === null ? {} : { sourceCopyId: reversal.sourceCopyId }),
            objectId: migration.objectId,
            generation,
            placementVersion,
            targetCopyId: reversal.targetCopyId ?? newId(),
            targetLocationId: reversal.targetLocationId,
            priority: rules.policy.priorities.promotion,
            direction: directionBetween(here.location.tier, there.location.tier),
            verify: rules.policy.verify ?? 'target-checksum',
            encryptionRequired: rules.policy.encryption === 'required',
            copiesRequired: Math.max(1, Math.min(required.copies, replicas.length)),
            regionsRequired: 1,
            graceMs: Math.round(rules.policy.graceHours * HOUR),
            attemptsMax: MIGRATION_ATTEMPTS_MAX,
            decisionId: null,
            planId: null,
            monthlySavingUsd: price.monthlySavingUsd,
            oneTimeUsd: price.oneTimeUsd,
          },
        ],
        principal,
      ),
    )
    if (created.length === 0) throw new ApiError('conflict', `it cannot be undone now: ${refused[0]?.reason}`)
  }
  const { location } = there
  return {
    undoes: migration.id,
    kind: reversal.kind,
    key: migration.key,
    target: { id: location.id, name: location.name },
    ...price,
    migrationId: id,
  }
}

/** What a reversal costs once and saves per month; a copy more or less is kept, and read by nobody. */
function priceOf(
  { kind }: Reversal,
  here: PlacementCost | null,
  there: PlacementCost | null,
  dropped: PlacementCost | null,
): Pick<Undo, 'oneTimeUsd' | 'monthlySavingUsd'> {
  const oneTimeUsd = there?.oneTimeUsd ?? 0
  if (kind === 'drop-copy')
    return { oneTimeUsd: 0, monthlySavingUsd: dropped === null ? 0 : storagePartUsd(dropped) }
  if (kind === 'add-copy')
    return { oneTimeUsd, monthlySavingUsd: there === null ? 0 : -storagePartUsd(there) }
  return { oneTimeUsd, monthlySavingUsd: (here?.totalUsdPerMonth ?? 0) - (there?.totalUsdPerMonth ?? 0) }
}
