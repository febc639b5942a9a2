import { describe, expect, it } from 'vitest'
import { closestNames } from './closest-names.ts'

describe('closest names', () => {
  it('come nearest first, each once, and no more than asked for', () => {
    const known = ['disk', 's3-standard', 's3-standard-ia', 'glacier', 's3-standard']
    expect(closestNames('s3-standrd', known, 3)).toEqual(['s3-standard', 's3-standard-ia', 'disk'])
  })

  it('are none where none are known', () => {
    expect(closestNames('anything', [], 3)).toEqual([])
  })
})
