import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { guardedLookup } from '../forbidden-addresses.ts'
import type { AzureBlobSettings } from './config.ts'

type Limits = Pick<
  AzureBlobSettings,
  'allowLinkLocal' | 'connectionTimeoutMs' | 'socketIdleTimeoutMs' | 'socketsMax'
>

/**
 * Connections to one endpoint, kept open between requests. One that is not made in time, or over which
 * nothing moves while an answer is awaited, is broken with the code `CONNECT_TIMEOUT` or `IDLE_TIMEOUT`.
 */
export function createConnectionPool(isSecure: boolean, limits: Limits): HttpAgent {
  const options = {
    keepAlive: true,
    maxSockets: limits.socketsMax,
    timeout: limits.socketIdleTimeoutMs,
    lookup: guardedLookup(limits),
  }
  const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options)
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (request, callback) => {
    const socket = connect(request, callback)
    if (socket) guard(socket as Socket, isSecure ? 'secureConnect' : 'connect', limits)
    return socket
  }
  return agent
}

function guard(socket: Socket, made: 'connect' | 'secureConnect', limits: Limits): void {
  const timer = setTimeout(() => {
    const message = `no connection within ${limits.connectionTimeoutMs} ms`
    socket.destroy(Object.assign(new Error(message), { code: 'CONNECT_TIMEOUT' }))
  }, limits.connectionTimeoutMs)
  const stop = () => clearTimeout(timer)
  socket.once(made, stop)
  socket.once('close', stop)
  socket.on('timeout', () => {
    const message = `nothing moved for ${limits.socketIdleTimeoutMs} ms`
    socket.destroy(Object.assign(new Error(message), { code: 'IDLE_TIMEOUT' }))
  })
}
