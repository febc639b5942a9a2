import type { OrphanAction } from '../api/actions.ts'
import type { Orphan, Session } from '../api/types.ts'

const DAY_MS = 86_400_000

type Decidable = Pick<
  Orphan,
  'bucket' | 'firstSeenAt' | 'kind' | 'lastSeenAt' | 'location' | 'migrationId' | 'state'
>

const DECIDABLE: readonly Orphan['state'][] = ['seen', 'confirmed', 'kept']

/**
 * Why this person cannot decide this about an orphan; null when they can. Mirrors `src/api/routes/orphans.ts` as
 * far as an orphan tells by itself; the API has the last word.
 */
export function orphanRefusal(action: OrphanAction, orphan: Decidable, role: Session['role']): string | null {
  if (role === 'viewer') return 'Your token may only look.'
  if (!DECIDABLE.includes(orphan.state)) return 'It is decided already.'
  switch (action) {
    case 'keep':
      return orphan.state === 'kept' ? 'It is kept already.' : null
    case 'adopt':
      return adoptionRefusal(orphan)
    case 'delete':
      return deletionRefusal(orphan)
    default:
      return action satisfies never
  }
}

function adoptionRefusal({ bucket, kind, location }: Decidable): string | null {
  if (kind === 'retained' || kind === 'suspect') return 'The catalog has this copy already.'
  if (kind === 'dark' && (bucket === null || location === null))
    return 'No bucket keeps objects under such a key.'
  return null
}

function deletionRefusal(orphan: Decidable): string | null {
  const { kind, migrationId, state } = orphan
  if (kind === 'dark') return 'These bytes are not ours by their own word: we never delete them.'
  if (kind !== 'forgotten') return null
  if (migrationId === null) return 'No migration of this catalog brought them there: we never delete them.'
  const apartMs = Date.parse(orphan.lastSeenAt) - Date.parse(orphan.firstSeenAt)
  return state === 'confirmed' || apartMs >= DAY_MS
    ? null
    : 'Only one scan saw them: a second one, a day later, has to confirm them.'
}
