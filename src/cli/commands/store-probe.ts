import type { StoreFindingsResource, StoreProbe, StoreResource } from '../../api/schemas/store.ts'
import type { Register } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { View } from '../output.ts'
import { findNamed, namedPath } from '../references.ts'

const probeView: View<StoreProbe> = {
  name: probe => (probe.reachable ? 'reachable' : 'unreachable'),
  columns: [
    { header: 'REACHABLE', value: probe => (probe.reachable ? 'yes' : 'no') },
    { header: 'CONTAINER', value: probe => probe.container ?? '-' },
    { header: 'LATENCY', value: probe => `${(probe.latencySeconds * 1_000).toFixed(0)} ms` },
    {
      header: 'ERROR',
      value: probe => (probe.error === null ? '-' : `${probe.error.kind}: ${probe.error.message}`),
    },
    { header: 'CAPABILITIES', value: probe => JSON.stringify(probe.capabilities) },
  ],
}

const EXIT_OF_KIND: Readonly<Record<string, ExitCode>> = {
  'access-denied': EXIT.auth,
  'container-not-found': EXIT.notFound,
}

const findingsView: View<StoreFindingsResource> = {
  name: findings => (findings.error === null ? 'learnt' : 'failed'),
  columns: [
    { header: 'LEARNT', value: findings => (findings.error === null ? 'yes' : 'no') },
    { header: 'CONTAINER', value: findings => findings.container ?? '-' },
    { header: 'SERVER', value: findings => findings.vendor ?? '-' },
    { header: 'CHANGED', value: findings => (findings.isChanged ? 'yes' : 'no') },
    {
      header: 'ERROR',
      value: findings =>
        findings.error === null ? '-' : `${findings.error.kind}: ${findings.error.message}`,
    },
    { header: 'SETTINGS', value: findings => JSON.stringify(findings.settings) },
    { header: 'NOTES', value: findings => findings.notes.join(' ') || '-' },
  ],
}

/** `dim store probe`: exit code 5 when it cannot be reached, 4 when it refuses us, 3 without its container. */
export const registerStoreProbe: Register = (noun, bind) => {
  const command = noun
    .command('probe <store>')
    .description('try whether a store can be reached and accepts its credentials')
    .option('--container <name>', 'container to look into (that of its first location)')
    .option(
      '--learn',
      'also find out by trying what the store does, with small objects that are gone afterwards, and keep it in its settings',
    )
  bind<{ container?: string; learn?: true }>(command, async ({ api, out }, { learn, ...options }, name) => {
    const store = await findNamed<StoreResource>(api, 'store', name)
    if (learn === true) {
      const path = `${namedPath('store', store.id)}/findings`
      const findings = await api.post<StoreFindingsResource>(path, options)
      out.one(findings, findingsView)
      return exitCodeOf(findings.error)
    }
    const probe = await api.post<StoreProbe>(`${namedPath('store', store.id)}/probe`, options)
    out.one(probe, probeView)
    return exitCodeOf(probe.error)
  })
}

function exitCodeOf(error: StoreProbe['error']): ExitCode {
  return error === null ? EXIT.ok : (EXIT_OF_KIND[error.kind] ?? EXIT.retryable)
}
