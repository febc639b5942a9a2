/** Work that those who want the same at the same time do once; it keeps nothing that has ended. */
export class SharedWork<T> {
  readonly #underWay = new Map<string, Promise<T>>()

  /** Joins the work of this name that is under way, or begins it. All get its answer, also its error. */
  join(name: string, begin: () => Promise<T>): Promise<T> {
    const shared = this.#underWay.get(name)
    if (shared !== undefined) return shared
    const work = begin().finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, work)
    return work
  }
}
