import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { METRIC_DEFINITIONS, type MetricDefinition } from './metric-definitions.ts'

type Definitions = typeof METRIC_DEFINITIONS
type LabelsOf<D extends MetricDefinition> = D['labels'][number]
type MetricOf<D extends MetricDefinition> = D['type'] extends 'counter'
  ? Counter<LabelsOf<D>>
  : D['type'] extends 'gauge'
    ? Gauge<LabelsOf<D>>
    : Histogram<LabelsOf<D>>

/** Every metric of the product, ready to be counted, and the registry that prints them for Prometheus. */
export type Metrics = { readonly [Name in keyof Definitions]: MetricOf<Definitions[Name]> } & {
  readonly registry: Registry
}

/** Gauges of prom-client that are named like counters; the same figures by type have good names beside them. */
const MISNAMED_GAUGES = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * Makes a fresh set of metrics with a registry of its own, so that tests and roles never share counts.
 * `withProcess` adds the Node.js process metrics (memory, event loop, garbage collection).
 */
export function createMetrics(options: { withProcess?: boolean } = {}): Metrics {
  const registry = new Registry()
  const metrics = Object.fromEntries(
    Object.entries<MetricDefinition>(METRIC_DEFINITIONS).map(([key, definition]) => [
      key,
      createMetric(definition, registry),
    ]),
  )
  if (options.withProcess === true) {
    collectDefaultMetrics({ register: registry })
    for (const name of MISNAMED_GAUGES) registry.removeSingleMetric(name)
  }
  return { ...metrics, registry } as unknown as Metrics
}

function createMetric(definition: MetricDefinition, registry: Registry): Counter | Gauge | Histogram {
  const settings = {
    name: definition.name,
    help: definition.help,
    labelNames: [...definition.labels],
    registers: [registry],
  }
  switch (definition.type) {
    case 'counter':
      return new Counter(settings)
    case 'gauge':
      return new Gauge(settings)
    case 'histogram':
      return new Histogram({ ...settings, buckets: [...(definition.buckets ?? [])] })
  }
}
