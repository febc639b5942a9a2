import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ObjectStore } from '../object-store.ts'
import { describeArchives } from './archives.ts'
import { describeConditions } from './conditions.ts'
import { describeCopies } from './copies.ts'
import { describeExtras } from './extras.ts'
import { describeFacts } from './facts.ts'
import { describeKeys } from './keys.ts'
import { describeLeftovers } from './leftovers.ts'
import { describeLists } from './lists.ts'
import { describeMultipart } from './multipart.ts'
import type { Promised } from './promised.ts'
import { describeReads } from './reads.ts'
import { describeWrites } from './writes.ts'

/** A store to be held to the contract, and the tests it cannot pass with the reason why. */
export interface StoreUnderTest {
  readonly name: string
  /** Makes the store every test of the suite uses. Its containers are made and named by the suite. */
  newStore(): Promise<{ store: ObjectStore; dispose(): Promise<void> }>
  /** Tests by their exact names. Naming one that does not exist fails, so that no skip outlives its reason. */
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[]
  /** Whether every key of at most `keyBytesMax` bytes is kept. Others may refuse keys, with `invalid-key`. */
  readonly keepsEveryKey: boolean
}

/**
 * The contract of {@link ObjectStore} as tests. Every adapter and every wrapper calls it from its test file;
 * a store without a capability is held to refuse what it cannot do. A test that has nothing to try at a store is
 * skipped and says why; none passes without proving anything.
 */
export function describeObjectStore(underTest: StoreUnderTest): void {
  describe(`object store contract: ${underTest.name}`, () => {
    let made: Awaited<ReturnType<StoreUnderTest['newStore']>>
    beforeAll(async () => {
      made = await underTest.newStore()
    })
    afterAll(async () => {
      await made?.store.close()
      await made?.dispose()
    })

    const reasons = new Map(
      (underTest.skip ?? []).flatMap(({ reason, tests }) => tests.map(test => [test, reason] as const)),
    )
    const promised: Promised = (behaviour, test) => {
      const reason = reasons.get(behaviour)
      reasons.delete(behaviour)
      if (reason !== undefined) {
        it.skip(`${behaviour} [skipped: ${reason}]`)
        return
      }
      it(behaviour, async context => {
        const container = `contract-${randomBytes(6).toString('hex')}`
        await made.store.ensureContainer(container)
        await test({
          store: made.store,
          container,
          keepsEveryKey: underTest.keepsEveryKey,
          skip: reason => context.skip(reason),
        })
      })
    }

    describe('writes', () => describeWrites(promised))
    describe('reads', () => describeReads(promised))
    describe('keys', () => describeKeys(promised))
    describe('facts', () => describeFacts(promised))
    describe('tags, encryption and locks', () => describeExtras(promised))
    describe('copies and storage classes', () => describeCopies(promised))
    describe('archives', () => describeArchives(promised))
    describe('conditions', () => describeConditions(promised))
    describe('lists', () => describeLists(promised))
    describe('multipart', () => describeMultipart(promised))
    describe('leftovers', () => describeLeftovers(promised))

    // As a test, because the groups above are read only after this function ended.
    it('skips no tests that do not exist', () => expect([...reasons.keys()]).toEqual([]))
  })
}
