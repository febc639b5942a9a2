import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { METRIC_DEFINITIONS, type MetricDefinition } from './metric-definitions.ts'
import { createMetrics } from './metrics.ts'
import { metricsPage } from './metrics-page.ts'

const definitions = Object.values<MetricDefinition>(METRIC_DEFINITIONS)

/** Labels whose values grow with the data, which a time series database cannot bear. */
const UNBOUNDED_LABELS = ['key', 'object', 'object_id', 'bucket', 'principal', 'user', 'token', 'path', 'id']

describe('metrics', () => {
  it('have unique names of lower-case words under dim_', () => {
    const names = definitions.map(definition => definition.name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^dim_[a-z]+(_[a-z]+)*$/)
  })

  it('end in _total when they count, and only then', () => {
    for (const definition of definitions)
      expect([definition.name, definition.name.endsWith('_total')]).toEqual([
        definition.name,
        definition.type === 'counter',
      ])
  })

  it('use base units: seconds and bytes, never their multiples', () => {
    for (const { name } of definitions)
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|kb|mb|gb|mib|gib|percent)(_|$)/)
    for (const definition of definitions)
      if (definition.type === 'histogram') expect(definition.name).toMatch(/_(seconds|bytes)$/)
  })

  it('carry no label whose values grow with the data', () => {
    for (const definition of definitions)
      for (const label of definition.labels) expect(UNBOUNDED_LABELS).not.toContain(label)
  })

  it('explain themselves in a sentence', () => {
    for (const { help } of definitions) expect(help).toMatch(/^[A-Z0-9].{20,}\.$/)
  })

  it('are printed for Prometheus', async () => {
    const metrics = createMetrics()
    metrics.accessEvents.inc({ outcome: 'applied' }, 3)
    metrics.gatewayFirstByteSeconds.observe({ store: 'on-prem' }, 0.004)
    const text = await metrics.registry.metrics()
    expect(text).toContain('dim_access_events_total{outcome="applied"} 3')
    expect(text).toContain('dim_gateway_first_byte_seconds_bucket{le="0.005",store="on-prem"} 1')
  })

  it('have no gauge that is named like a counter, not even among those of the process', async () => {
    const { registry } = createMetrics({ withProcess: true })
    const printed = await registry.getMetricsAsJSON()
    expect(printed.map(metric => metric.name)).toContain('nodejs_active_handles')
    const gauges = printed.filter(metric => String(metric.type) === 'gauge')
    expect(gauges.map(gauge => gauge.name).filter(name => name.endsWith('_total'))).toEqual([])
  })

  it('are counted apart in every set', async () => {
    createMetrics().plans.inc({ state: 'proposed' })
    expect(await createMetrics().registry.metrics()).not.toContain('dim_plans_total{')
  })

  it('are all on the reference page, which has no others', async () => {
    const page = await readFile(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')
    expect(page).toBe(metricsPage())
  })
})
