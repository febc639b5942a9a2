import { newIdempotencyKey, request } from './client.ts'
import type { Migration, Plan, QueueStatus, Session, Simulation, StoreProbe } from './types.ts'

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

/** Stops every migration everywhere. */
export function stopMigrations(reason: string): Promise<QueueStatus> {
  return create('/v1/migrations/stop', { reason })
}

export function resumeMigrations(): Promise<QueueStatus> {
  return create('/v1/migrations/resume', {})
}

/** Pauses a store or a plan; an empty reason is none. */
export function pause(noun: 'store' | 'plan', id: string, reason: string): Promise<unknown> {
  return create(`/v1/${noun}s/${id}/pause`, reason === '' ? {} : { reason })
}

export function resume(noun: 'store' | 'plan', id: string): Promise<unknown> {
  return create(`/v1/${noun}s/${id}/resume`, {})
}

export interface UrgencyWish {
  readonly priority?: number
  readonly dueBy: string | null
}

export function setUrgency(noun: 'migration' | 'plan', id: string, wish: UrgencyWish): Promise<unknown> {
  return request('PATCH', `/v1/${noun}s/${id}`, { body: wish })
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
