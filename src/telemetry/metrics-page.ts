import { METRIC_DEFINITIONS, type MetricDefinition } from './metric-definitions.ts'

/** The reference page of all metrics, as Markdown: name, type, labels and meaning. */
export function metricsPage(): string {
  const rows = Object.values<MetricDefinition>(METRIC_DEFINITIONS).map(
    definition =>
      `| \`${definition.name}\` | ${definition.type} | ${definition.labels.map(label => `\`${label}\``).join(', ')} | ${definition.help} |`,
  )
  return [
    '# Metrics',
    '',
    'Printed by `GET /metrics` in the Prometheus text format, beside the usual metrics of a Node.js process.',
    'This page is generated from `src/telemetry/metric-definitions.ts`; a test compares the two.',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
