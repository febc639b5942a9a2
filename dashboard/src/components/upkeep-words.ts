import type { Orphan, ReconcileFinding, ReconcileRun, ScrubStatus } from '../api/types.ts'
import type { BadgeTone } from '../ui/Badge.tsx'

type ScrubVerdict = keyof ScrubStatus['today']['verdicts']

/** Whether copies were what the catalog says, as people read it; the alarming ones mean a bad copy. */
export const SCRUB_VERDICT_WORDS: Readonly<
  Record<ScrubVerdict, { readonly name: string; readonly meaning: string; readonly alarming: boolean }>
> = {
  same: { name: 'proven', meaning: 'a digest proves the content', alarming: false },
  unproven: {
    name: 'unproven',
    meaning: 'the right length and identity, content not read',
    alarming: false,
  },
  missing: { name: 'missing', meaning: 'the store has nothing there', alarming: true },
  changed: { name: 'changed', meaning: 'other bytes lie there', alarming: true },
  corrupt: { name: 'corrupt', meaning: 'the same identity, other content', alarming: true },
  unreadable: {
    name: 'unreadable',
    meaning: 'the same identity, its bytes cannot be had',
    alarming: true,
  },
}

type FindingVerdict = ReconcileFinding['verdict']

/** What a comparison found, as people read it; alarming where a copy is not what the catalog says. */
export const FINDING_WORDS: Readonly<
  Record<FindingVerdict, { readonly name: string; readonly meaning: string; readonly alarming: boolean }>
> = {
  missing: { name: 'Missing', meaning: 'a copy of the catalog is not there', alarming: true },
  changed: {
    name: 'Changed',
    meaning: 'other bytes lie there than the catalog says',
    alarming: true,
  },
  dark: { name: 'Dark', meaning: 'the catalog knows nothing of it', alarming: false },
  forgotten: {
    name: 'Forgotten',
    meaning: 'it says we made it; the catalog knows no copy',
    alarming: false,
  },
  parts: {
    name: 'Orphaned parts',
    meaning: 'an upload in parts nobody finished or needs',
    alarming: false,
  },
  followed: {
    name: 'Followed',
    meaning: 'others changed it; the catalog followed',
    alarming: false,
  },
}
export const FINDING_VERDICTS = Object.keys(FINDING_WORDS) as FindingVerdict[]

/** A comparison's state, and how loud. */
export const RUN_STATES: Readonly<Record<ReconcileRun['state'], readonly [string, BadgeTone]>> = {
  running: ['Running', 'active'],
  interrupted: ['Interrupted', 'neutral'],
  done: ['Done', 'ended'],
  failed: ['Failed', 'alarm'],
}

/** What a comparison does at the moment. */
export const RUN_PHASES: Readonly<Record<ReconcileRun['phase'], string>> = {
  reading: 'reading what lies there',
  unseen: 'asking for what was not listed',
  leftovers: 'looking at copies nobody needs',
  deleting: 'deleting confirmed orphans',
}

/** Why bytes are in the ledger. */
export const ORPHAN_KINDS: Readonly<
  Record<Orphan['kind'], { readonly name: string; readonly meaning: string }>
> = {
  dark: { name: 'Dark', meaning: 'unknown to the catalog, not ours by their own word' },
  forgotten: { name: 'Forgotten', meaning: 'ours by their own word, unknown to the catalog' },
  retained: { name: 'Retained', meaning: 'an old copy that could not be deleted safely' },
  suspect: { name: 'Suspect', meaning: 'a copy that is not what it should be' },
}

/** What becomes of an orphan, and how loud. */
export const ORPHAN_STATES: Readonly<Record<Orphan['state'], readonly [string, BadgeTone]>> = {
  seen: ['Seen once', 'neutral'],
  confirmed: ['To decide', 'active'],
  deleting: ['Deleting', 'active'],
  deleted: ['Deleted', 'ended'],
  kept: ['Kept', 'neutral'],
  adopting: ['Adopting', 'active'],
  adopted: ['Adopted', 'ended'],
  gone: ['Gone', 'ended'],
}
