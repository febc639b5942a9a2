import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GatewayLimits } from './config.ts'
import type { Gateway } from './gateway.ts'

/** The gateway on a port. */
export interface GatewayServer {
  readonly port: number
  /**
   * Takes no new connections, lets requests in flight finish for `drainMs`, then cuts what is left. Resolves
   * to whether all of them finished.
   */
  close(): Promise<boolean>
}

/** Opens the port. Rejects with Node's error (`EADDRINUSE` …) when it cannot. */
export async function listenGateway(
  gateway: Gateway,
  options: { readonly host: string; readonly port: number; readonly limits: GatewayLimits },
): Promise<GatewayServer> {
  const { limits } = options
  let inFlight = 0
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    // A large upload takes its time; a standing connection is closed by the idle time-out.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5_000),
    noDelay: true,
  })
  server.maxConnections = limits.connectionsMax
  server.timeout = limits.idleTimeoutMs
  const listener = (awaitsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    inFlight++
    response.once('close', () => {
      inFlight--
    })
    if (!server.listening) response.setHeader('Connection', 'close')
    void gateway.handle(request, response, { awaitsContinue })
  }
  server.on('request', listener(false))
  server.on('checkContinue', listener(true))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeIdleConnections()
      let timer: NodeJS.Timeout | undefined
      const expired = new Promise<'expired'>(resolve => {
        timer = setTimeout(() => resolve('expired'), limits.drainMs)
      })
      const outcome = await Promise.race([closed, expired])
      clearTimeout(timer)
      const finished = outcome !== 'expired' || inFlight === 0
      server.closeAllConnections()
      await closed
      await gateway.close()
      return finished
    },
  }
}
