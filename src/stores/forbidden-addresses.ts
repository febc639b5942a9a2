import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/**
 * Where no store is, but what clouds tell their machines in confidence: an endpoint there, or a name that
 * resolves to it, would have us fetch credentials for whoever set it up.
 */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')
FORBIDDEN.addAddress('192.0.0.192', 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addAddress('::', 'ipv6')
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6')

/** Whether this is an address, with or without the brackets of URLs, where no store may be. */
export function isForbiddenAddress(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(address)
  return family !== 0 && FORBIDDEN.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Whether a host is among those that are named, in whatever case. */
export function isNamed(names: readonly string[], hostname: string): boolean {
  return names.some(name => name.toLowerCase() === hostname.toLowerCase())
}

/** As Node's agents and undici call it. */
type Lookup = (
  hostname: string,
  options: LookupOptions,
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
) => void

/**
 * Resolves names for connections of a store, and refuses those that lead to a forbidden address: the address
 * that is looked at is the one that is connected to, so a name cannot become another one in between.
 */
export function guardedLookup(
  rules: { readonly allowLinkLocal: readonly string[] },
  resolve: typeof lookup = lookup,
): Lookup {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const forbidden = addresses.find(({ address }) => isForbiddenAddress(address))
      // The name of a bucket may stand before that of the endpoint.
      const isAllowed = rules.allowLinkLocal.some(
        name => isNamed([name], hostname) || hostname.toLowerCase().endsWith(`.${name.toLowerCase()}`),
      )
      if (forbidden !== undefined && !isAllowed) {
        return callback(new ForbiddenAddress(hostname, forbidden.address), [])
      }
      if (options.all === true) return callback(null, addresses)
      const [first] = addresses
      callback(null, first!.address, first!.family)
    })
  }
}

/** A name led to where no store may be. */
class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
  readonly code = 'FORBIDDEN_ADDRESS'

  constructor(hostname: string, address: string) {
    super(`${hostname} leads to ${address}, where no store may be unless allowLinkLocal names it`)
  }
}
