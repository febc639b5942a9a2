import type { DecisionReason, RejectionReason, ReviewReason } from '../api/types.ts'

/** Why an object stays or goes, in a few words. */
export const DECISION_WORDS: Readonly<Record<DecisionReason, string>> = {
  'heat-fell-below-band': 'Went quiet',
  'heat-rose-above-band': 'Read more often',
  'already-in-wanted-tier': 'Already where it belongs',
  'inside-hysteresis': 'Between two bands',
  'minimum-residence': 'Arrived too recently',
  'too-small-to-pay': 'Too small to pay',
  'payback-too-long': 'Pays back too late',
  pinned: 'Pinned',
  'sla-requires-faster': 'Needs a faster place',
  'no-allowed-location': 'No allowed place',
  'bucket-observed': 'Bucket is only observed',
  'migration-in-flight': 'Already moving',
  'cheaper-in-tier': 'Cheaper place of the same tier',
  'would-cost-more': 'Moving would cost more',
  'location-not-allowed': 'May not stay where it is',
  'no-price': 'No price is known',
  quarantined: 'Waits for a person',
  'copy-not-readable': 'Its copy cannot be read now',
  'too-few-copies': 'Fewer copies than asked for',
  'too-many-copies': 'More copies than asked for',
  'location-retiring': 'Its location is being emptied',
  'encryption-required': 'Must lie encrypted',
}

/** Why a location was not chosen, in a few words. */
export const REJECTION_WORDS: Readonly<Record<RejectionReason, string>> = {
  current: 'Where it is now',
  'other-tier-wanted': 'Not the tier its heat asks for',
  'latency-above-sla': 'Slower than its latency limit',
  offline: 'Offline: would have to be restored first',
  capacity: 'Full',
  'pinned-elsewhere': 'Pinned elsewhere',
  'not-in-policy': 'Not allowed by the policy',
  'no-price': 'Has no price',
  'more-expensive': 'Costs more',
  'payback-too-long': 'Pays back too late',
  'too-small-to-pay': 'Too small to pay',
  'minimum-residence': 'Arrived too recently',
  'store-not-active': 'Its store is paused or refuses us',
  'decision-frozen': 'Already decided otherwise',
  'same-container': 'Same container as now',
  'copy-there': 'Has a copy there already',
  retiring: 'Is being emptied',
  'not-encrypted': 'Not known to encrypt, as the policy requires',
  'too-few-regions': 'Its copies would lie in too few regions',
}

/** Why an object is looked at again. */
export const REVIEW_WORDS: Readonly<Record<ReviewReason, string>> = {
  'heat-crossing': 'its heat crosses a band',
  'minimum-duration-ends': 'its minimum storage time ends',
  'minimum-residence-ends': 'it may move again',
  'pin-expires': 'its pin expires',
  'maximum-interval': 'everything is looked at that often',
  promotion: 'it was read more often',
  'new-object': 'it is new',
  requested: 'somebody asked',
  'policy-changed': 'the policy changed',
  'prices-changed': 'prices changed',
  'migration-finished': 'a move finished',
  'cap-reached': 'the hourly cap was reached',
}
