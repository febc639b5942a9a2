import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, listConfigKeys, loadConfig } from './config.ts'
import { readEnvironment } from './environment.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'dim-config-'))
function configFile(text: string): string {
  const file = path.join(folder, `${Math.random()}.yaml`)
  writeFileSync(file, text)
  return file
}

describe('configuration', () => {
  it('has a default for everything', () => {
    const config = loadConfig({ environment: { HOME: '/home/someone' } })
    expect(config.gateway.port).toBe(7601)
    expect(config.dataDir).toBe('/home/someone/.local/share/data-in-motion')
    expect(config.roles).toContain('gateway')
  })

  it('lets the command line win over the environment, and that over the file', () => {
    const file = configFile('gateway: { port: 1, host: 127.0.0.9 }\napi: { port: 2 }\n')
    const config = loadConfig({
      environment: { DIM_GATEWAY_PORT: '3', DIM_API_PORT: '4', DIM_CONFIG: file, DIM_ROLES: 'api, gateway' },
      overrides: { api: { port: 5 } },
    })
    expect(config.gateway).toMatchObject({ host: '127.0.0.9', port: 3 })
    expect(config.api.port).toBe(5)
    expect(config.roles).toEqual(['api', 'gateway'])
  })

  it('lists every problem of every source at once', () => {
    const file = configFile('gatway: { port: 1 }\nmigrator: { concurency: 2, leaseSeconds: 0 }\n')
    const load = () => loadConfig({ environment: { DIM_GATEWAY_PROT: '1', DIM_API_PORT: 'http' }, file })
    expect(load).toThrow(ConfigError)
    try {
      load()
    } catch (error) {
      const text = (error as ConfigError).message
      for (const expected of [
        'DIM_GATEWAY_PROT',
        'gatway',
        'migrator.concurency',
        'migrator.leaseSeconds',
        'api.port',
      ])
        expect(text).toContain(expected)
    }
  })

  it('counts each key that does not exist', () => {
    const load = () =>
      loadConfig({ environment: {}, overrides: { one: 1, two: 2, api: { three: 3, four: 4 } } })
    expect(load).toThrow(/^the configuration has 4 problem\(s\):\n( {2}- .+: there is no such key(\n|$)){4}$/)
  })

  it('takes weights of reader classes, but none that would go unnoticed and none for our own reads', () => {
    const { ingest } = loadConfig({ environment: { DIM_INGEST_READER_WEIGHTS_BACKUP: '0.2' } })
    expect(ingest.readerWeights).toMatchObject({ application: 1, scan: 0.05, backup: 0.2 })
    const load = (readerWeights: object) => () =>
      loadConfig({ environment: {}, overrides: { ingest: { readerWeights } } })
    expect(load({ scan: 0.01 })).toThrow(/ingest\.readerWeights\.scan: must be 0, or from 0\.05 to 10/)
    expect(load({ mover: 1 })).toThrow(/ingest\.readerWeights\.mover: there is no such key/)
    expect(load({ application: 0, interactive: 0, analytics: 0, scan: 0 })).toThrow(/at least one class/)
  })

  it('reads secrets from files, and refuses a secret given twice', () => {
    const file = configFile('postgresql://db/x\n')
    expect(loadConfig({ environment: readEnvironment({ DATABASE_URL_FILE: file }) }).database.url).toBe(
      'postgresql://db/x',
    )
    expect(() => readEnvironment({ DATABASE_URL_FILE: file, DATABASE_URL: 'postgresql://db/y' })).toThrow(
      /unset one/,
    )
  })

  it('describes every key', () => {
    for (const key of listConfigKeys()) expect(key.description, key.path).not.toBe('')
  })

  it('tells the default of every key that has one', () => {
    const presets = new Map(listConfigKeys().map(key => [key.path, key.preset]))
    expect(presets.get('gateway.port')).toBe(7601)
    expect(presets.get('gateway.limits.drainMs')).toBe(30_000)
    expect(presets.get('database.url')).toBeNull()
    expect(presets.get('dataDir')).toBeUndefined()
  })
})
