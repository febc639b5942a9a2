import type { LiveStatus } from '../api/live-stream.ts'
import type { Overview } from '../api/types.ts'

/** Events waiting longer than this make the system "Behind". */
const LAG_SECONDS_MAX = 60

/** The state of the system in one word, worst first. */
export type SystemWord = 'Unreachable' | 'Stopped' | 'Needs you' | 'Behind' | 'Moving' | 'Steady' | 'Starting'

/** The state of the system in one word and the sentence behind it. */
export interface SystemState {
  readonly word: SystemWord
  readonly because: string
  readonly tone: 'alarm' | 'active' | 'neutral'
}

type Known = Pick<Overview, 'events' | 'migrations'>

/** `withoutGoodCopy`: objects that are quarantined. */
export function systemStateOf(
  overview: Known | undefined,
  live: LiveStatus,
  withoutGoodCopy = 0,
): SystemState {
  if (live === 'lost') {
    return {
      word: 'Unreachable',
      because: 'The server does not answer. What you see is from before.',
      tone: 'alarm',
    }
  }
  if (overview === undefined)
    return { word: 'Starting', because: 'Waiting for the first answer.', tone: 'neutral' }
  const { events, migrations } = overview
  const { quarantined, stop } = migrations
  if (stop !== null) {
    return { word: 'Stopped', because: `A person stopped every migration: ${stop.reason}`, tone: 'alarm' }
  }
  if (withoutGoodCopy > 0 || quarantined > 0 || events.deadLetters > 0) {
    const parts = [
      withoutGoodCopy > 0 ? `${withoutGoodCopy} objects without a good copy` : '',
      quarantined > 0 ? `${quarantined} moves that gave up` : '',
      events.deadLetters > 0 ? `${events.deadLetters} events that could not be understood` : '',
    ]
    return { word: 'Needs you', because: `${parts.filter(Boolean).join(', ')}.`, tone: 'alarm' }
  }
  if (events.lagSeconds > LAG_SECONDS_MAX) {
    return { word: 'Behind', because: 'Accesses are counted late, so decisions wait.', tone: 'active' }
  }
  if (migrations.inFlight > 0) {
    return { word: 'Moving', because: `${migrations.inFlight} objects are being moved now.`, tone: 'active' }
  }
  return {
    word: 'Steady',
    because: 'Everything lies where the policies want it, or waits for its time.',
    tone: 'neutral',
  }
}
