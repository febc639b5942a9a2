import { type DecisionFacts, listDecisionFacts } from '../database/placement/plan-fidelity.ts'
import { copyDescriptionMetadata } from '../domain/copy-description.ts'
import type { Uuid } from '../domain/identifiers.ts'
import { FIDELITY_REASONS, type FidelityReason, judgeFidelity, metadataBytes } from '../migration/fidelity.ts'
import type { StoreCapabilities } from '../stores/object-store.ts'
import type { PlanFidelity } from './schemas/fidelity.ts'
import { type CapabilitiesOptions, capabilitiesReader } from './store-capabilities.ts'

const DECISIONS_PER_PAGE = 1_000
/** Decisions a report looks at; plans for people have fewer. */
const DECISIONS_MAX = 20_000
const EXAMPLES_MAX = 3
/** As long as any id and digest that a description may have. */
const LONGEST_ID = '0'.repeat(36)
const LONGEST_DIGEST = '0'.repeat(64)

/**
 * What the moves of a plan could not take along, per reason. Judged by what the catalog knows and what the
 * stores can do; nothing is asked of a store.
 */
export async function reportFidelity(options: CapabilitiesOptions, planId: Uuid): Promise<PlanFidelity> {
  const capabilitiesOf = capabilitiesReader(options)
  const told = new Map<FidelityReason, { objects: number; examples: { bucket: string; key: string }[] }>()
  let objects = 0
  let unjudged = 0
  let afterId: Uuid | null = null
  for (let isLast = false; !isLast && objects < DECISIONS_MAX; ) {
    const page: DecisionFacts[] = await listDecisionFacts(options.database, {
      planId,
      afterId,
      limit: DECISIONS_PER_PAGE,
    })
    for (const facts of page) {
      objects++
      const source = await capabilitiesOf(facts.fromStoreId)
      const target = await capabilitiesOf(facts.toStoreId)
      if (source === null || target === null) {
        unjudged++
        continue
      }
      for (const reason of judge(facts, source, target)) {
        const entry = told.get(reason) ?? { objects: 0, examples: [] }
        told.set(reason, entry)
        entry.objects++
        if (entry.examples.length < EXAMPLES_MAX)
          entry.examples.push({ bucket: facts.bucket, key: facts.key })
      }
    }
    afterId = page.at(-1)?.decisionId ?? null
    isLast = page.length < DECISIONS_PER_PAGE
  }
  const reasons = [...told].map(([reason, entry]) => ({ reason, ...FIDELITY_REASONS[reason], ...entry }))
  return { planId, objects, unjudged, reasons: reasons.toSorted((one, other) => other.objects - one.objects) }
}

function judge(facts: DecisionFacts, source: StoreCapabilities, target: StoreCapabilities): FidelityReason[] {
  const description = copyDescriptionMetadata({
    bucket: facts.bucket,
    key: facts.key,
    generation: facts.generation,
    sha256: LONGEST_DIGEST,
    etag: LONGEST_ID,
    intentId: LONGEST_ID,
  })
  return judgeFidelity({ ...facts, descriptionBytes: metadataBytes(description) }, { source, target })
}
