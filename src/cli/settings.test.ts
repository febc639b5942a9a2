import { expect, it } from 'vitest'
import { mergeSettings, parseSettings } from './settings.ts'

it('puts changes over settings section by section, and takes away what is null', () => {
  const settings = { endpoint: 'https://a', region: 'r', capabilities: { tags: true, versions: false } }
  const changes = parseSettings(['capabilities.tags=false', 'region=null', 'pathStyle=true'])
  expect(mergeSettings(settings, changes)).toEqual({
    endpoint: 'https://a',
    pathStyle: true,
    capabilities: { tags: false, versions: false },
  })
  expect(settings.capabilities.tags).toBe(true)
})

it('refuses a setting that is given twice', () => {
  expect(() => parseSettings(['a=1', 'a=2'])).toThrow('a is given twice')
  expect(() => parseSettings(['a.b=1', 'a=2'])).toThrow('a is given twice')
})
