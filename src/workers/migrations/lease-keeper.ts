import type { ClaimedMigration, MigrationLease } from '../../domain/migration-record.ts'
import { isPermitted } from '../../migration/transitions.ts'
import { systemTimers } from '../timers.ts'
import type { MigrationParts } from './migration-parts.ts'

/** How long a lease lasts unless the configuration says otherwise, in milliseconds. */
export const LEASE_MS = 30_000
/** A lease is renewed so often before it would run out. */
const RENEWALS_PER_LEASE = 3

/** Why a job has to stop. */
export type InterruptionReason = 'stopping' | 'lease-lost' | 'paused' | 'cancelled'

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
  /** Aborts with an {@link Interruption}. */
  readonly signal: AbortSignal
  /** True while the migration's row is locked by our own transaction, so that nobody can take it over. */
  isRowLocked: boolean
}

interface KeptLease extends HeldLease {
  readonly controller: AbortController
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
  readonly #held = new Map<string, KeptLease>()
  readonly #unreleased = new Map<string, MigrationLease>()

  constructor(parts: MigrationParts) {
    this.#parts = parts
    this.#leaseMs = parts.leaseMs ?? LEASE_MS
  }

  hold(migration: ClaimedMigration): HeldLease {
    const { id, objectId, fencingToken } = migration
    const controller = new AbortController()
    const kept: KeptLease = {
      lease: { migrationId: id, objectId, worker: this.#parts.workerId, fencingToken },
      controller,
      signal: controller.signal,
      isRowLocked: false,
      renewedAt: this.#parts.wallClock.now(),
    }
    this.#held.set(id, kept)
    return kept
  }

  /** The job is over; `isReleased` says whether the ledger knows. */
  drop(held: HeldLease, isReleased: boolean): void {
    this.#held.delete(held.lease.migrationId)
    if (!isReleased) this.#unreleased.set(held.lease.migrationId, held.lease)
  }

  interruptAll(reason: InterruptionReason): void {
    for (const held of this.#held.values()) held.controller.abort(new Interruption(reason))
  }

  /** Renews until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
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

  /** Gives back what could not be given back before. */
  async releaseLeftovers(): Promise<void> {
    for (const [id, lease] of this.#unreleased) {
      await this.#parts.ledger.release(lease, 0, false)
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
        held.controller.abort(new Interruption('cancelled'))
      } else if (migration.paused) {
        held.controller.abort(new Interruption('paused'))
      }
    }
  }

  #interruptLost(): void {
    const now = this.#parts.wallClock.now()
    for (const held of this.#held.values()) {
      const isLost = !held.isRowLocked && now - held.renewedAt > this.#leaseMs
      if (isLost) held.controller.abort(new Interruption('lease-lost'))
    }
  }
}
