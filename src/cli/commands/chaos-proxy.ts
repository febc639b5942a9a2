import type { ProxyCounts } from '../../simulator/fault-proxy/fault-proxy.ts'
import { seededRandom } from '../../simulator/traffic/random.ts'
import { rest } from '../../workers/timers.ts'
import { type Register, repeated, seconds, share } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { parseAddress, parseNetworkFault } from '../parse-faults.ts'
import { processProgress } from '../progress.ts'
import { bytesText, countText } from '../units.ts'

interface Options {
  listen: string
  upstream: string
  fault?: string[]
  toxicity: number
  seed: string
  duration?: number
}

/** `dim chaos proxy`: a bad network between us and a server. */
export const registerChaosProxy: Register = (noun, bind) => {
  const command = noun
    .command('proxy')
    .description('stand between a client and a server and make the network bad')
    .requiredOption('--listen <address>', 'where clients connect, host:port; port 0 picks a free one')
    .requiredOption('--upstream <address>', 'the server, host:port')
    .option('--fault <fault>', 'what is bad about connections (repeat)', repeated)
    .option('--toxicity <share>', 'the share of connections each fault hits', share, 1)
    .option('--seed <text>', 'the same seed hits the same connections', 'proxy')
    .option('--duration <time>', 'for example 90s or 5m (until Ctrl-C)', seconds)
    .addHelpText(
      'after',
      `
Faults, each for both ways unless direction=up (to the server) or direction=down (to the client):
  latency:ms=200,jitter=50   bytes come later
  bandwidth:rate=1MB         no more than this a second
  cut:bytes=65536            the connection ends after so many bytes
  reset:ms=500               the connection is reset so long after it was made
  slow-close:ms=2000         the end comes later
  timeout:ms=30000           nothing passes; the connection ends after so long, or never when it is 0
TLS passes as it is: give the client the name of the server.

Example: dim chaos proxy --listen 127.0.0.1:9100 --upstream 127.0.0.1:9000 --fault reset:ms=300 --toxicity 0.1
         dim store add shaky --kind s3 --setting endpoint=http://127.0.0.1:9100 …`,
    )
  bind<Options>(command, async (session, options) => {
    const faults = (options.fault ?? []).map(text => parseNetworkFault(text, options.toxicity))
    const random = seededRandom(options.seed)
    const { startFaultProxy } = await import('../../simulator/fault-proxy/fault-proxy.ts')
    const proxy = await startFaultProxy({
      listen: parseAddress(options.listen),
      upstream: parseAddress(options.upstream),
      faults,
      random: () => random.next(),
    }).catch((cause: unknown) => {
      throw new CliError(EXIT.error, `cannot listen at ${options.listen}: ${(cause as Error).message}`, {
        cause,
      })
    })
    session.out.say(
      `listening at ${proxy.address.host}:${proxy.address.port}, upstream is ${options.upstream}`,
    )
    const progress = processProgress(session)
    const ticking = setInterval(() => progress.update(countsText(proxy.counts)), 1_000)
    try {
      await rest((options.duration ?? LONG_SECONDS) * 1_000, session.signal)
    } finally {
      clearInterval(ticking)
      await proxy.close()
    }
    session.out.one(proxy.counts, {
      name: String,
      columns: [{ header: 'PASSED', value: countsText }],
    })
    return options.duration === undefined || session.signal.aborted ? EXIT.interrupted : EXIT.ok
  })
}

/** About 24 days: the longest timer there is. */
const LONG_SECONDS = 2_147_483

function countsText(counts: Readonly<ProxyCounts>): string {
  return `${countText(counts.connections)} connections, ${countText(counts.faulty)} with faults, ${bytesText(counts.bytesUp)} up, ${bytesText(counts.bytesDown)} down`
}
