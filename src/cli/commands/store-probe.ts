import type { StoreProbe, StoreResource } from '../../api/schemas/store.ts'
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

/** `dim store probe`: exit code 5 when it cannot be reached, 4 when it refuses us, 3 without its container. */
export const registerStoreProbe: Register = (noun, bind) => {
  const command = noun
    .command('probe <store>')
    .description('try whether a store can be reached and accepts its credentials')
    .option('--container <name>', 'container to look into (that of its first location)')
  bind<{ container?: string }>(command, async ({ api, out }, options, name) => {
    const store = await findNamed<StoreResource>(api, 'store', name)
    const probe = await api.post<StoreProbe>(`${namedPath('store', store.id)}/probe`, options)
    out.one(probe, probeView)
    if (probe.error === null) return EXIT.ok
    return EXIT_OF_KIND[probe.error.kind] ?? EXIT.retryable
  })
}
