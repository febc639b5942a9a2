import { newIdempotencyKey, request } from './client.ts'
import type {
  Migration,
  Orphan,
  Plan,
  QueueStatus,
  ReconcileRun,
  ScrubStatus,
  Session,
  Simulation,
  StoreProbe,
  Undo,
} from './types.ts'

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

/** The migration that undoes one whose grace is over, with its price; planned with `apply`. */
export function undoMigration(id: string, apply: boolean): Promise<Undo> {
  return create(`/v1/migrations/${id}/undo`, { apply })
}

/** Pauses the scrubber everywhere; an empty reason is none. */
export function pauseScrub(reason: string): Promise<ScrubStatus> {
  return create('/v1/scrub/pause', reason === '' ? {} : { reason })
}

export function startScrub(): Promise<ScrubStatus> {
  return create('/v1/scrub/start', {})
}

/** Asks for a comparison of a location's container with the catalog that deletes nothing. */
export function startReconcile(locationId: string): Promise<ReconcileRun> {
  return create('/v1/reconcile-runs', { locationId })
}

export function resumeReconcile(id: string): Promise<ReconcileRun> {
  return create(`/v1/reconcile-runs/${id}/resume`, {})
}

export const ORPHAN_ACTIONS = ['keep', 'adopt', 'delete'] as const
export type OrphanAction = (typeof ORPHAN_ACTIONS)[number]

export function decideOrphan(id: string, action: OrphanAction): Promise<Orphan> {
  return create(`/v1/orphans/${id}/${action}`, {})
}

export interface UrgencyWish {
  readonly priority?: number
  readonly dueBy?: string | null
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

/** Ends the faults on purpose at a store before their time. */
export function endDrill(id: string): Promise<unknown> {
  return request('DELETE', `/v1/stores/${id}/drill`)
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
