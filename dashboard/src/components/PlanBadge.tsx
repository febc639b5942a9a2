import type { ReactNode } from 'react'
import type { Plan } from '../api/types.ts'
import { Badge, type BadgeTone } from '../ui/Badge.tsx'

const STATES: Readonly<Record<Plan['state'], readonly [string, BadgeTone]>> = {
  proposed: ['To decide', 'active'],
  approved: ['Approved', 'active'],
  applied: ['Applied', 'ended'],
  rejected: ['Rejected', 'ended'],
  superseded: ['Superseded', 'ended'],
}

export function PlanBadge({ state }: { state: Plan['state'] }): ReactNode {
  const [name, tone] = STATES[state]
  return <Badge tone={tone}>{name}</Badge>
}
