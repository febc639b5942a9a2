import { z } from 'zod'
import { isForbiddenAddress, isNamed } from './forbidden-addresses.ts'

/** Settings that every store behind an address on the network has: whom it may talk to, and for how long. */
export const endpointFields = {
  allowPlainHttp: z
    .array(z.string().min(1).max(253))
    .max(100)
    .default([])
    .describe(
      'Hosts that may be talked to over http, by the name in the endpoint; requests to them travel readable for others. This machine needs no naming.',
    ),
  allowLinkLocal: z
    .array(z.string().min(1).max(253))
    .max(100)
    .default([])
    .describe(
      'Hosts that may lie at a link-local address (169.254.0.0/16, fe80::/10) or at one where clouds keep the secrets of their machines, by the name in the endpoint. All others are refused there, whatever their names resolve to.',
    ),
  connectionTimeoutMs: z.int().positive().default(5_000).describe('For a connection to be made.'),
  requestTimeoutMs: z
    .int()
    .positive()
    .default(30_000)
    .describe('For an answer to begin, where no object is sent.'),
  socketIdleTimeoutMs: z
    .int()
    .positive()
    .default(60_000)
    .describe('For a connection over which nothing moves while an answer is awaited.'),
  socketsMax: z.int().positive().max(1_000).default(64).describe('Connections kept open at the same time.'),
  readAttemptsMax: z
    .int()
    .positive()
    .max(10)
    .default(3)
    .describe(
      'How often a read, or a chunk of an upload that can be resumed, is tried. Other writes are tried once: whether to repeat one is the caller’s decision.',
    ),
} as const

/**
 * Adds an issue for an endpoint that requests must not go to. Other addresses are looked at when they are
 * resolved.
 */
export function checkEndpoint(
  rules: { readonly allowPlainHttp: readonly string[]; readonly allowLinkLocal: readonly string[] },
  endpoint: string | undefined,
  context: z.core.$RefinementCtx,
): void {
  if (endpoint === undefined) return
  const { protocol, hostname } = new URL(endpoint)
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['endpoint'], message })
  if (protocol !== 'https:' && !isLoopback(hostname) && !isNamed(rules.allowPlainHttp, hostname)) {
    refuse(
      `must be https, or allowPlainHttp must name ${hostname}: requests would travel readable for others`,
    )
  }
  if (isForbiddenAddress(hostname) && !isNamed(rules.allowLinkLocal, hostname)) {
    refuse(`is an address where machines keep their secrets, unless allowLinkLocal names ${hostname}`)
  }
}

/** Whether nobody on the way to an endpoint can read or change what passes: by TLS, or because it is this machine. */
export function isPrivateWay(endpoint: URL): boolean {
  return endpoint.protocol === 'https:' || isLoopback(endpoint.hostname)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
