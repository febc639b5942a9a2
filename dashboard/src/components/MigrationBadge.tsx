import type { ReactNode } from 'react'
import type { Migration } from '../api/types.ts'
import { Badge, type BadgeTone } from '../ui/Badge.tsx'
import { isEnded } from './migration-can.ts'

/** States as people read them, and how loud. Red only where a person is needed. */
const STATES: Readonly<Record<Migration['state'], readonly [string, BadgeTone]>> = {
  planned: ['Waiting', 'neutral'],
  'waiting-restore': ['Being restored', 'neutral'],
  copying: ['Copying', 'active'],
  copied: ['Copied', 'active'],
  verifying: ['Verifying', 'active'],
  verified: ['Verified', 'active'],
  switched: ['Switched', 'active'],
  grace: ['In grace', 'neutral'],
  'deleting-source': ['Deleting old copy', 'active'],
  done: ['Done', 'ended'],
  aborted: ['Aborted', 'ended'],
  quarantined: ['Needs you', 'alarm'],
  retained: ['Done, old copy kept', 'ended'],
  'rolled-back': ['Rolled back', 'ended'],
}

type Shown = Pick<Migration, 'state' | 'paused' | 'heldBy'>

export function MigrationBadge({ migration }: { migration: Shown }): ReactNode {
  const [name, tone] = STATES[migration.state]
  if (migration.paused && !isEnded(migration.state)) return <Badge>Paused</Badge>
  if (migration.heldBy.length > 0) return <Badge>{heldName(migration.heldBy)}</Badge>
  return <Badge tone={tone}>{name}</Badge>
}

function heldName(heldBy: Migration['heldBy']): string {
  if (heldBy.includes('stop')) return 'Stopped'
  return heldBy.includes('plan') ? 'Plan paused' : 'Store rests'
}

export function migrationStateName(state: Migration['state']): string {
  return STATES[state][0]
}
