/** The address asked for cannot be listened on; the message says what to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Node's failure to listen, in words with the way out. `variable` names the setting a person would change. */
export function listenFailure(
  cause: NodeJS.ErrnoException,
  options: { host: string; port: number; variable: string },
): ListenError {
  return new ListenError(describe(cause, options), { cause })
}

/** The URL under which a server that listens on `host` answers on this machine. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

function describe(
  cause: NodeJS.ErrnoException,
  options: { host: string; port: number; variable: string },
): string {
  const place = `${options.host}:${options.port}`
  switch (cause.code) {
    case 'EADDRINUSE':
      return `${place} is taken by another program: stop it, or choose another port with ${options.variable}`
    case 'EACCES':
      return `${place} may not be used by this account: choose a port above 1023 with ${options.variable}`
    case 'EADDRNOTAVAIL':
      return `${options.host} is not an address of this machine`
    default:
      return `cannot listen on ${place}: ${cause.message}`
  }
}
