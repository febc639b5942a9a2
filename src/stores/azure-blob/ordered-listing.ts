import { compareKeys } from '../key-order.ts'
import type { ListedObject } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { UPLOADS_PREFIX } from './blob-names.ts'
import { type NameSpan, spansAfter, spansFromTurn, turnOf } from './name-spans.ts'

/** Requests one page of ours may take; more than one only where names are out of order or hidden. */
const REQUESTS_MAX = 1_000

/** Where a listing goes on: behind a key, and at the service's own mark while nothing is out of order. */
export interface ListPosition {
  readonly after: string
  readonly marker?: string | undefined
}

/** One page as the service gives it. */
export interface ServicePage {
  readonly entries: readonly ListedObject[]
  readonly marker: string | null
}

/** Asks the service for names from one on, or from its own mark on. */
export type ReadPage = (from: string, marker: string | undefined) => Promise<ServicePage>

/** One page of ours. */
interface OrderedPage {
  readonly objects: readonly ListedObject[]
  /** Null at the end. */
  readonly next: ListPosition | null
}

/** Reads one page in the order of UTF-8 bytes from a service that orders names by `order`. */
export function readOrdered(
  operation: StoreOperation,
  readPage: ReadPage,
  options: {
    readonly order: 'utf-16' | 'utf-8'
    readonly prefix: string
    readonly limit: number
    readonly start: ListPosition
  },
): Promise<OrderedPage> {
  return new Listing(operation, readPage, options.order, options).read(options.start)
}

/** One page in the making. */
class Listing {
  readonly #operation: StoreOperation
  readonly #readPage: ReadPage
  readonly #order: 'utf-16' | 'utf-8'
  readonly #prefix: string
  readonly #limit: number
  readonly #found: ListedObject[] = []
  #last = ''

  constructor(
    operation: StoreOperation,
    readPage: ReadPage,
    order: 'utf-16' | 'utf-8',
    range: { readonly prefix: string; readonly limit: number },
  ) {
    this.#operation = operation
    this.#readPage = readPage
    this.#order = order
    this.#prefix = range.prefix
    this.#limit = range.limit
  }

  async read(start: ListPosition): Promise<OrderedPage> {
    this.#last = start.after
    const spans = this.#spansFrom(start.after)
    let marker = spans.length === 1 ? start.marker : undefined
    for (let requests = 0; spans.length > 0; requests++) {
      if (requests === REQUESTS_MAX) {
        const message = `${REQUESTS_MAX} requests were not enough for one page`
        throw storeFailure(this.#operation, 'unexpected', message)
      }
      const span = spans.shift()!
      const page = await this.#readPage(span.from, marker)
      marker = undefined
      const taken = this.#take(span, page)
      if (taken === 'cut') return this.#page(undefined)
      if (taken !== 'all') spans.unshift(...taken)
      else if (page.marker !== null && !isBehind(span, page)) {
        spans.unshift(span)
        marker = page.marker
      }
      if (this.#found.length >= this.#limit && spans.length > 0) return this.#page(marker)
    }
    return { objects: this.#found, next: null }
  }

  #spansFrom(after: string): NameSpan[] {
    if (!after.startsWith(this.#prefix)) {
      const isBefore = compareKeys(after, this.#prefix) < 0
      return isBefore ? [{ from: this.#prefix, until: null, depth: this.#prefix.length }] : []
    }
    if (this.#order === 'utf-16') return spansAfter(this.#prefix, after)
    return [{ from: after, until: null, depth: this.#prefix.length }]
  }

  /**
   * Adds what belongs to the span. `cut`: our page was full before the service's page was over. Where the
   * order turns and the page does not show how it goes on, answers the spans to read instead of the rest.
   */
  #take(span: NameSpan, { entries, marker }: ServicePage): 'all' | 'cut' | NameSpan[] {
    for (let index = 0; index < entries.length; ) {
      const entry = entries[index]!
      if (span.until !== null && entry.key >= span.until) return 'all'
      // A service that does not know how to begin at a name begins at the first.
      if (this.#isAheadOf(entry.key, span.from) || entry.key === this.#last) {
        index++
        continue
      }
      const turn = this.#order === 'utf-16' ? turnOf(entry.key, span.depth) : null
      const group = turn === null ? [entry] : groupOf(entries, index, entry.key.slice(0, turn))
      if (turn !== null && marker !== null && index + group.length === entries.length) {
        return spansFromTurn(span, entry.key.slice(0, turn), this.#prefix)
      }
      for (const next of group) {
        if (this.#found.length === this.#limit) return 'cut'
        this.#add(next)
      }
      index += group.length
    }
    return 'all'
  }

  #add(entry: ListedObject): void {
    if (this.#last !== '' && compareKeys(entry.key, this.#last) <= 0) {
      const message = `the service lists in another order than ${this.#order}: set listOrder to the other one`
      throw storeFailure(this.#operation, 'unexpected', message)
    }
    this.#last = entry.key
    if (!entry.key.startsWith(UPLOADS_PREFIX)) this.#found.push(entry)
  }

  #isAheadOf(key: string, from: string): boolean {
    return this.#order === 'utf-16' ? key < from : compareKeys(key, from) < 0
  }

  #page(marker: string | undefined): OrderedPage {
    return { objects: this.#found, next: { after: this.#last, marker } }
  }
}

/** The entries from one on that begin like this, in the order of bytes. */
function groupOf(entries: readonly ListedObject[], index: number, beginning: string): ListedObject[] {
  let end = index
  while (end < entries.length && entries[end]!.key.startsWith(beginning)) end++
  return entries.slice(index, end).sort((left, right) => compareKeys(left.key, right.key))
}

function isBehind(span: NameSpan, { entries }: ServicePage): boolean {
  const last = entries.at(-1)
  return span.until !== null && last !== undefined && last.key >= span.until
}
