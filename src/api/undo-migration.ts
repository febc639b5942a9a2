import { listLeftCopies, takeUpLeftCopy } from '../database/migrations/left-copies.ts'
import { createMigrations } from '../database/migrations/migration-creation.ts'
import type { MigrationView } from '../database/migrations/migration-views.ts'
import { readPlacementFacts } from '../database/placement/placement-facts.ts'
import { MIGRATION_ATTEMPTS_MAX } from '../database/placement/plan-approval.ts'
import { type Connection, inTransaction } from '../database/postgres.ts'
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
import { lacksEncryption } from '../placement/store-knowledge.ts'
import { type RulesOptions, rulesFor } from './objects/explain-object.ts'
import { ApiError, notFound } from './problems.ts'
import type { Undo } from './schemas/undo.ts'

/**
 * Proposes the migration that undoes one whose grace is over, with its price, and plans it where `principal` is
 * given. Throws an ApiError `conflict` with the reason where it cannot be undone.
 */
export async function undoMigration(
  options: RulesOptions,
  migration: MigrationView,
  principal: Principal | null,
): Promise<Undo> {
  const { database } = options
  const [row] = await readPlacementFacts(database, [migration.objectId])
  if (row === undefined) throw notFound('object with a primary copy', migration.key)
  const { copyId, generation, locationId, placementVersion, replicas = [] } = row.facts
  const left = await listLeftCopies(database, migration.objectId)
  const reversal = reverseOf(migration, { generation, primary: { copyId, locationId }, replicas, left })
  if (typeof reversal === 'string') throw new ApiError('conflict', reversal)
  const rules = await rulesFor(row.facts, options)
  const facts = { ...row.facts, ...heatReadingAt(row.facts, rules.now) }
  const places = priceOptions(facts, rules)
  const optionAt = (id: string) => places.find(({ location }) => location.id === id)
  const [here, there] = [optionAt(locationId), optionAt(reversal.targetLocationId)]
  if (here === undefined || there === undefined)
    throw new ApiError('conflict', 'the location it came from is no longer there')
  if (WRITES.has(reversal.kind) && lacksEncryption(there.location, rules.policy))
    throw new ApiError(
      'conflict',
      `the policy ${rules.policy.name} requires encryption, and the store ${there.location.storeName} of ${there.location.name} is not known to encrypt`,
    )
  const isDropped = reversal.kind === 'drop-copy' && reversal.takesUp !== true
  const dropped = isDropped ? (optionAt(migration.targetLocationId)?.cost ?? null) : null
  const price = priceOf(reversal, here.cost, there.cost, dropped)
  const id = principal === null ? null : newId()
  if (principal !== null && id !== null) {
    const required = requiredCopies(rules)
    const copiesLeft = replicas.length + (reversal.takesUp === true ? 1 : 0)
    await inTransaction(database, async connection => {
      const version = await takeUp(connection, reversal, { objectId: migration.objectId, placementVersion })
      const result = await createMigrations(
        connection,
        [
          {
            id,
            kind: reversal.kind,
            ...(reversal.sourceCopyId === null ? {} : { sourceCopyId: reversal.sourceCopyId }),
            objectId: migration.objectId,
            generation,
            placementVersion: version,
            targetCopyId: reversal.targetCopyId ?? newId(),
            targetLocationId: reversal.targetLocationId,
            priority: rules.policy.priorities.promotion,
            direction: directionBetween(here.location.tier, there.location.tier),
            verify: rules.policy.verify ?? 'target-checksum',
            encryptionRequired: rules.policy.encryption === 'required',
            copiesRequired: Math.max(1, Math.min(required.copies, copiesLeft)),
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
      )
      // Nothing is taken up either.
      if (result.created.length === 0) throw notNow(result.refused[0]?.reason)
    })
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

/** Reversals after which a copy lies where none counts now. */
const WRITES: ReadonlySet<Reversal['kind']> = new Set(['move', 'add-copy'])

/** Resolves to the placement version of the object from then on. */
async function takeUp(
  connection: Connection,
  { takesUp, targetCopyId }: Reversal,
  object: { readonly objectId: string; readonly placementVersion: number },
): Promise<number> {
  if (takesUp !== true || targetCopyId === null) return object.placementVersion
  const version = await takeUpLeftCopy(connection, { ...object, copyId: targetCopyId })
  if (version === null) throw notNow('outdated')
  return version
}

function notNow(reason: string | undefined): ApiError {
  return new ApiError('conflict', `it cannot be undone now: ${reason}`)
}

/** What a reversal costs once and saves per month; a copy more or less is kept, and read by nobody. */
function priceOf(
  { kind, takesUp }: Reversal,
  here: PlacementCost | null,
  there: PlacementCost | null,
  dropped: PlacementCost | null,
): Pick<Undo, 'oneTimeUsd' | 'monthlySavingUsd'> {
  const oneTimeUsd = there?.oneTimeUsd ?? 0
  const paidHere = here?.totalUsdPerMonth ?? 0
  const paidThere = there?.totalUsdPerMonth ?? 0
  // What was left there is paid for already, and nothing has to be copied.
  if (takesUp === true)
    return {
      oneTimeUsd: 0,
      monthlySavingUsd: paidHere - paidThere + (there === null ? 0 : storagePartUsd(there)),
    }
  if (kind === 'drop-copy')
    return { oneTimeUsd: 0, monthlySavingUsd: dropped === null ? 0 : storagePartUsd(dropped) }
  if (kind === 'add-copy')
    return { oneTimeUsd, monthlySavingUsd: there === null ? 0 : -storagePartUsd(there) }
  return { oneTimeUsd, monthlySavingUsd: paidHere - paidThere }
}
