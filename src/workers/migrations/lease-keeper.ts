import type { MigrationHolds } from '../../database/migrations/migration-holds.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { ClaimedMigration, MigrationLease } from '../../domain/migration-record.ts'
import { isPermitted } from '../../migration/transitions.ts'
import { systemTimers } from '../timers.ts'
import { JobSignals, type MoverTimeouts, moverTimeouts } from './job-signals.ts'
import type { MigrationParts } from './migration-parts.ts'

/** How long a lease lasts unless the configuration says otherwise, in milliseconds. */
export const LEASE_MS = 30_000
/** A lease is renewed so often before it would run out. */
const RENEWALS_PER_LEASE = 3

/** How often a mover asks whether everything, a store or a plan was paused, or a location is full, in milliseconds. */
export const HOLDS_READ_MS = 1_000

/** Why a job has to stop. `held`: everything is stopped, or one of its stores or its plan is paused. */
export type InterruptionReason = 'stopping' | 'lease-lost' | 'paused' | 'held' | 'cancelled'

/** The reason with which a job's signal aborts. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  readonly reason: InterruptionReason

  constructor(reason: InterruptionReason) {
    super(`interrupted: ${reason}`)
    this.reason = reason
  }
}

/** A lease in use. */
export interface HeldLease {
  readonly lease: MigrationLease
  /** Abort with an {@link Interruption}. */
  readonly signals: JobSignals
  /** True while the migration's row is locked by our own transaction, so that nobody can take it over. */
  isRowLocked: boolean
  /** Whether the try that was counted did not happen, should the lease be given back later. */
  returnsAttempt: boolean
  /** The stores at both ends, as soon as they are open. */
  storeIds: readonly Uuid[]
}

interface KeptLease extends HeldLease {
  readonly places: Pick<ClaimedMigration, 'sourceLocationId' | 'targetLocationId' | 'planId'>
  renewedAt: number
}

/**
 * Renews the leases of all running migrations with one statement at a time, and interrupts those that are
 * lost, paused or cancelled. Leases that could not be given back are given back later.
 *
 * A lost lease is only interrupted to save work: each write is fenced by its token anyway.
 */
export class LeaseKeeper {
  readonly #parts: MigrationParts
  readonly #leaseMs: number
  readonly #timeouts: MoverTimeouts
  readonly #held = new Map<string, KeptLease>()
  readonly #unreleased = new Map<string, HeldLease>()

  constructor(parts: MigrationParts) {
    this.#parts = parts
    this.#leaseMs = parts.leaseMs ?? LEASE_MS
    this.#timeouts = moverTimeouts(parts.wallClock, parts.timers ?? systemTimers)
  }

  hold(migration: ClaimedMigration): HeldLease {
    const { id, objectId, fencingToken } = migration
    const kept: KeptLease = {
      lease: { migrationId: id, objectId, worker: this.#parts.workerId, fencingToken },
      places: migration,
      signals: new JobSignals(this.#timeouts, this.#parts.timers ?? systemTimers),
      isRowLocked: false,
      returnsAttempt: false,
      storeIds: [],
      renewedAt: this.#parts.wallClock.now(),
    }
    this.#held.set(id, kept)
    return kept
  }

  /** The job is over; `isReleased` says whether the ledger knows. */
  drop(held: HeldLease, isReleased: boolean): void {
    held.signals.end()
    this.#held.delete(held.lease.migrationId)
    if (!isReleased) this.#unreleased.set(held.lease.migrationId, held)
  }

  interruptAll(reason: InterruptionReason): void {
    for (const held of this.#held.values()) held.signals.interrupt(new Interruption(reason))
  }

  /** Renews, and lets go what is held, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keepRenewing(signal), this.#keepHolding(signal)])
  }

  async #keepRenewing(signal: AbortSignal): Promise<void> {
    const { timers = systemTimers } = this.#parts
    while (!signal.aborted) {
      await timers.sleep(this.#leaseMs / RENEWALS_PER_LEASE, signal)
      if (signal.aborted) return
      try {
        await this.#renew()
        await this.releaseLeftovers()
      } catch (error) {
        this.#parts.log.warn({ error }, 'leases could not be renewed and will be tried again')
      }
      this.#interruptLost()
    }
  }

  async #keepHolding(signal: AbortSignal): Promise<void> {
    const { fullLocations, readHolds, timers = systemTimers } = this.#parts
    if (readHolds === undefined) return
    while (!signal.aborted) {
      await timers.sleep(HOLDS_READ_MS, signal)
      if (signal.aborted) return
      try {
        if (this.#held.size === 0) continue
        const holds = await readHolds()
        fullLocations?.learn(holds.fullLocationIds)
        this.#interruptHeld(holds)
      } catch (error) {
        this.#parts.log.warn({ error }, 'what is paused could not be read and will be read again')
      }
    }
  }

  #interruptHeld({ isStopped, locationIds, planIds }: MigrationHolds): void {
    if (!isStopped && locationIds.length === 0 && planIds.length === 0) return
    const locations = new Set(locationIds)
    const plans = new Set(planIds)
    for (const { signals, places } of this.#held.values()) {
      const { sourceLocationId, targetLocationId, planId } = places
      const isHeld =
        isStopped ||
        locations.has(sourceLocationId) ||
        locations.has(targetLocationId) ||
        (planId !== null && plans.has(planId))
      if (isHeld) signals.interrupt(new Interruption('held'))
    }
  }

  /** Gives back what could not be given back before. */
  async releaseLeftovers(): Promise<void> {
    for (const [id, { lease, returnsAttempt }] of this.#unreleased) {
      await this.#parts.ledger.release(lease, 0, returnsAttempt)
      this.#unreleased.delete(id)
    }
  }

  async #renew(): Promise<void> {
    const askedAt = this.#parts.wallClock.now()
    const leases = [...this.#held.values()].map(held => held.lease)
    if (leases.length === 0) return
    for (const migration of await this.#parts.ledger.renew(leases, this.#leaseMs)) {
      const held = this.#held.get(migration.id)
      if (held === undefined) continue
      held.renewedAt = askedAt
      const { kind, state } = migration
      if (migration.cancelRequested && isPermitted(kind, state, 'cancelled')) {
        held.signals.interrupt(new Interruption('cancelled'))
      } else if (migration.paused) {
        held.signals.interrupt(new Interruption('paused'))
      }
    }
  }

  #interruptLost(): void {
    const now = this.#parts.wallClock.now()
    for (const held of this.#held.values()) {
      const isLost = !held.isRowLocked && now - held.renewedAt > this.#leaseMs
      if (isLost) held.signals.interrupt(new Interruption('lease-lost'))
    }
  }
}
