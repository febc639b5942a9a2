import type { Uuid } from '../../domain/identifiers.ts'

/** A migration that holds a place of the mover, or part of one. */
export interface PlaceHolder {
  /** How much of a place. Range: above 0 up to 1. */
  readonly weight: number
  /** The stores it waits for; empty while they are not known. */
  readonly storeIds: () => readonly Uuid[]
}

/**
 * The places of a mover, and who holds them. Those who wait for a store that does not answer are set aside and
 * hold none, so that the others go on as if that store were not there; at most as many as there are places.
 */
export class MoverPlaces<Holder extends PlaceHolder> {
  readonly #places: number
  readonly #isAway: (storeId: Uuid) => boolean
  readonly #holding = new Set<Holder>()
  readonly #aside = new Set<Holder>()
  #held = 0
  #heldAside = 0

  constructor(options: { readonly places: number; readonly isAway: (storeId: Uuid) => boolean }) {
    this.#places = options.places
    this.#isAway = options.isAway
  }

  /** How many hold a place or were set aside. */
  get size(): number {
    return this.#holding.size + this.#aside.size
  }

  /** How much of the places is held. */
  get held(): number {
    return this.#held
  }

  /** Whether another one may begin. */
  get hasRoom(): boolean {
    return this.#held < this.#places
  }

  take(holder: Holder): void {
    this.#holding.add(holder)
    this.#held += holder.weight
  }

  giveBack(holder: Holder): void {
    if (this.#aside.delete(holder)) this.#heldAside -= holder.weight
    if (this.#holding.delete(holder)) this.#held -= holder.weight
  }

  /** Sets aside whoever waits for a store that is away now. Returns whether a place became free. */
  setAside(): boolean {
    let isFreed = false
    for (const holder of this.#holding) {
      if (this.#heldAside + holder.weight > this.#places) break
      if (!holder.storeIds().some(this.#isAway)) continue
      this.#holding.delete(holder)
      this.#held -= holder.weight
      this.#aside.add(holder)
      this.#heldAside += holder.weight
      isFreed = true
    }
    return isFreed
  }
}
