import { describe, expect, it } from 'vitest'
import { damageOf, LIES, type Lie, moveAmongLies } from './lying-stores.ts'

// The short edition of `npm run test:long -- lying-stores`, which moves 200 objects among each lie.

describe('stores that lie', () => {
  it.each(Object.keys(LIES) as Lie[])(
    '%s: nothing is lost, corrupt, unnoticed or deleted without proof',
    async lie => {
      const result = await moveAmongLies({ lie, migrations: 10, seed: `short ${lie}` })
      expect(damageOf(result), JSON.stringify(result)).toBe(0)
      expect(result.told).toBeGreaterThan(2)
    },
  )
})
