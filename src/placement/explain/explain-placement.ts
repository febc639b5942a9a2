import type { Decision } from '../../domain/placement.ts'
import type { PlacementFacts } from '../../domain/placement-facts.ts'
import type { PlacementRules } from '../price-options.ts'
import { alternativeSentence } from './alternative-sentences.ts'
import { type ExplainedDecision, explainedDecision, presentAlternative } from './explained-decision.ts'
import { bytesText, usdText } from './figures.ts'
import { heatSentence, reasonSentence } from './reason-sentences.ts'
import { type PlacementCondition, whatWouldChangeIt } from './what-would-change-it.ts'

/** Why an object is where it is, in words. The numbers are those of the decision. */
export interface PlacementExplanation {
  /** Where it is, how hot, why it stays or goes: one short paragraph. */
  readonly summary: string
  /** One sentence per location, the present one first, then the cheapest first. */
  readonly alternatives: readonly { readonly locationId: string; readonly text: string }[]
  readonly whatWouldChangeIt: readonly PlacementCondition[]
}

/**
 * Words a decision for a person: where the object is, why, what each alternative would cost, why it did not
 * move and what would change that. Facts, decision and rules must be those of one moment.
 */
export function explainPlacement(
  facts: PlacementFacts,
  decision: Decision,
  rules: PlacementRules,
): PlacementExplanation {
  const explained = explainedDecision(facts, decision, rules)
  const { here } = explained
  const cost = presentAlternative(explained).cost
  const where = `${facts.bucketName}/${facts.key} (${bytesText(facts.size)}) lies in ${here.name}, a ${here.tier} location`
  const price = cost === null ? '' : `, for ${usdText(cost.totalUsdPerMonth)} a month`
  return {
    summary: `${where}${price}, ${outcomeOf(explained)}. ${heatSentence(explained)} ${reasonSentence(explained)}`,
    alternatives: explained.alternatives.map(alternative => ({
      locationId: alternative.locationId,
      text: alternativeSentence(explained, alternative),
    })),
    whatWouldChangeIt: whatWouldChangeIt(explained),
  }
}

function outcomeOf({ decision: { change }, stays, there }: ExplainedDecision): string {
  if (stays) return 'and stays there'
  switch (change?.kind) {
    case undefined:
      return `and should move to ${there.name}`
    case 'add-copy':
      return `and should get a copy at ${there.name}`
    case 'drop-copy':
      return `and should lose its copy at ${there.name}`
    case 'reclassify':
      return `and should change, where it lies, to the storage class of ${there.name}`
    default:
      return change satisfies undefined
  }
}

/** An explanation as plain text: the paragraph, then bullets. */
export function explanationText(explanation: PlacementExplanation): string {
  return [
    explanation.summary,
    '',
    'What each place would cost:',
    ...explanation.alternatives.map(({ text }) => `- ${text}`),
    '',
    'What would change it:',
    ...explanation.whatWouldChangeIt.map(({ text }) => `- ${text}`),
  ].join('\n')
}
