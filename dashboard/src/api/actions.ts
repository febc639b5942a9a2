import { newIdempotencyKey, request } from './client.ts'
import type { Migration, Plan, Session, Simulation, StoreProbe } from './types.ts'

/** What people can do. Each creating one carries an idempotency key, so that a lost answer may be asked again. */

export const MIGRATION_ACTIONS = ['pause', 'resume', 'cancel', 'retry', 'rollback'] as const
export type MigrationAction = (typeof MIGRATION_ACTIONS)[number]

export function signIn(token: string): Promise<Session> {
  return request('POST', '/v1/session', { body: { token } })
}

export function signOut(): Promise<void> {
  return request('DELETE', '/v1/session')
}

export function approvePlan(id: string, exceptDecisionIds: readonly string[]): Promise<Plan> {
  return create(`/v1/plans/${id}/approve`, { exceptDecisionIds })
}

export function rejectPlan(id: string): Promise<Plan> {
  return create(`/v1/plans/${id}/reject`, {})
}

export function actOnMigration(id: string, action: MigrationAction): Promise<Migration> {
  return create(`/v1/migrations/${id}/${action}`, {})
}

export interface BurstWish {
  readonly bucket: string
  readonly keys: readonly string[]
  readonly reads: number
  readonly seconds: number
}

export function startBurst(wish: BurstWish): Promise<Simulation> {
  return create('/v1/simulations/bursts', wish)
}

export function probeStore(id: string): Promise<StoreProbe> {
  return create(`/v1/stores/${id}/probe`, {})
}

export function replayDeadLetter(id: string): Promise<unknown> {
  return create(`/v1/dead-letters/${id}/replay`, {})
}

function create<Answer>(path: string, body: unknown): Promise<Answer> {
  return request('POST', path, { body, idempotencyKey: newIdempotencyKey() })
}
