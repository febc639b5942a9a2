import type { Health } from '../../api/schemas/health.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import type { ScrubStatus } from '../../api/schemas/scrub.ts'
import type { StoreProbe, StoreResource } from '../../api/schemas/store.ts'
import { isUnknown } from '../../api/store-knowledge.ts'
import { CliError } from '../exit-codes.ts'
import type { LocalServer } from '../local-server.ts'
import { namedPath } from '../references.ts'
import type { Session } from '../session.ts'
import { learningCommand } from '../store-knowledge.ts'
import { findUnencryptedWrites, unencryptedWritesFix, unencryptedWritesText } from '../unencrypted-writes.ts'
import { countText, timeText } from '../units.ts'
import { type Finding, fine } from './finding.ts'

const CLOCK_SKEW_MS_MAX = 5_000

/** Whether a server runs, and whether it can do its work. */
export async function checkReadiness(session: Session, local: LocalServer | null): Promise<Finding[]> {
  const check = 'server'
  if (local === null && !namesServer(session))
    return [
      { check, verdict: 'warning', text: 'no server runs on this machine', fix: 'dim serve, or dim demo' },
    ]
  const health = await session.api.get<Health>('/readyz', { verbose: '' })
  return (health.checks ?? []).map(({ name, ok, detail }) => {
    if (ok && detail === null) return fine(`server: ${name}`, 'ready')
    const verdict = ok ? 'warning' : 'failed'
    return { check: `server: ${name}`, verdict, text: detail ?? 'failing', fix: null }
  })
}

/** Whether the server's clock and ours agree well enough for signatures. */
export async function checkClock(session: Session): Promise<Finding[]> {
  if (session.findLocalServer() !== null) return [fine('clock', 'the server runs on this machine')]
  if (!namesServer(session)) return []
  const { at } = await session.api.get<{ at: string }>('/v1/overview')
  const skewSeconds = Math.round(Math.abs(Date.parse(at) - Date.now()) / 1_000)
  if (skewSeconds * 1_000 <= CLOCK_SKEW_MS_MAX)
    return [fine('clock', `differs by ${skewSeconds} s from the server's`)]
  const fix = 'let both machines set their clocks by NTP: S3 signatures fail beyond 15 minutes'
  return [{ check: 'clock', verdict: 'warning', text: `differs by ${skewSeconds} s from the server's`, fix }]
}

/** Whether the server reaches its stores. */
export async function checkStores(session: Session): Promise<Finding[]> {
  if (session.findLocalServer() === null && !namesServer(session)) return []
  const { items } = await session.api.list<StoreResource>('/v1/stores', {}, 100)
  return Promise.all(items.map(store => checkStore(session, store)))
}

/** Whether every location takes copies. */
export async function checkLocations(session: Session): Promise<Finding[]> {
  if (session.findLocalServer() === null && !namesServer(session)) return []
  const { items } = await session.api.list<LocationResource>('/v1/locations', {}, 1_000)
  return items.flatMap(({ full, name }): Finding[] =>
    full === null
      ? []
      : [
          {
            check: `location ${name}`,
            verdict: 'warning',
            text: `is full since ${timeText(full.since)}: ${full.answer}. What would be copied there waits`,
            fix: `make room there or raise its quota, then dim location clear-full ${name}; without it a few migrations try again from ${timeText(full.until)} on`,
          },
        ],
  )
}

/** Whether what clients write is encrypted where their policies require it. */
export async function checkEncryption(session: Session): Promise<Finding[]> {
  if (session.findLocalServer() === null && !namesServer(session)) return []
  const found = await findUnencryptedWrites(session.api)
  return found.map(writes => ({
    check: `bucket ${writes.bucket}`,
    verdict: 'warning',
    text: unencryptedWritesText(writes),
    fix: unencryptedWritesFix(writes),
  }))
}

/** Whether every object still has a good copy. */
export async function checkObjects(session: Session): Promise<Finding[]> {
  if (session.findLocalServer() === null && !namesServer(session)) return []
  const { badCopies, quarantinedObjects } = await session.api.get<ScrubStatus>('/v1/scrub')
  const check = 'objects'
  if (quarantinedObjects > 0)
    return [
      {
        check,
        verdict: 'failed',
        text: `${countText(quarantinedObjects)} without a good copy: nothing of them is moved or deleted`,
        fix: 'dim object list --state quarantined; dim object show tells what became of each',
      },
    ]
  if (badCopies === 0) return [fine(check, 'no copy is known to be bad')]
  return [
    {
      check,
      verdict: 'warning',
      text: `${countText(badCopies)} bad copies are not rebuilt yet`,
      fix: 'dim scrub status; repairs go first, and what they wait for is an activity object.suspect',
    },
  ]
}

async function checkStore(session: Session, store: StoreResource): Promise<Finding> {
  const check = `store ${store.name}`
  try {
    const probe = await session.api.post<StoreProbe>(`${namedPath('store', store.id)}/probe`)
    if (probe.error === null) {
      const answers = `answers in ${(probe.latencySeconds * 1_000).toFixed(0)} ms`
      if (!isUnknown(store)) return fine(check, answers)
      const text = `${answers}, but what it can do is not known yet: nothing is asked of it that servers differ in`
      return { check, verdict: 'warning', text, fix: learningCommand(store.name) }
    }
    if (probe.error.kind === 'no-container')
      return {
        check,
        verdict: 'warning',
        text: 'has no location yet',
        fix: 'dim location add, or dim store remove',
      }
    return {
      check,
      verdict: 'failed',
      text: `${probe.error.kind}: ${probe.error.message}`,
      fix: fixOf(probe.error.kind),
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { check, verdict: 'failed', text: error.message, fix: null }
  }
}

function fixOf(kind: string): string {
  if (kind === 'access-denied') return 'give it valid credentials: dim store set'
  if (kind === 'clock-skewed') return 'set the clock of this machine right'
  if (kind === 'container-not-found') return 'create the container, or correct the location'
  return 'check its endpoint, the network and that it runs'
}

function namesServer(session: Session): boolean {
  return (session.globals.endpoint ?? session.environment.DIM_ENDPOINT) !== undefined
}
