import { beforeEach, describe, expect, it } from 'vitest'
import { SECOND } from '../../domain/duration.ts'
import { deadlineOf } from '../../domain/request-deadline.ts'
import { JobSignals, LANE_MS_MAX, type MoverTimeouts, moverTimeouts } from './job-signals.ts'

const TOO_LATE = new DOMException('it took too long', 'TimeoutError')

describe('the signals of a job', () => {
  let now: number
  let timeouts: { readonly ms: number; readonly controller: AbortController }[]
  let shared: MoverTimeouts
  const clock = { now: () => now }
  const timers = {
    sleep: () => Promise.resolve(),
    timeoutSignal(ms: number) {
      const controller = new AbortController()
      timeouts.push({ ms, controller })
      return controller.signal
    },
  }
  const newJob = () => new JobSignals(shared, timers)

  beforeEach(() => {
    now = 0
    timeouts = []
    shared = moverTimeouts(clock, timers)
  })

  it('abort with the reason of an interruption, those of requests that began before the last one too', () => {
    const job = newJob()
    const first = job.brief()
    now += 10 * SECOND
    const second = job.brief()
    job.enterLane()
    const { lane } = job
    const reason = new Error('stopping')
    job.interrupt(reason)
    expect([job.signal, first, second, lane].map(signal => signal?.reason)).toEqual(Array(4).fill(reason))
    expect(job.brief().reason).toBe(reason)
  })

  it('share one time-out with those of other jobs for some seconds, and a later one after them', () => {
    const [one, two] = [newJob(), newJob()]
    const early = [one.brief(), two.brief()]
    expect(timeouts).toHaveLength(1)
    now += 5 * SECOND
    const late = one.brief()
    expect(timeouts).toHaveLength(2)
    timeouts[0]!.controller.abort(TOO_LATE)
    expect(early.map(signal => signal.reason)).toEqual([TOO_LATE, TOO_LATE])
    expect(late.aborted).toBe(false)
    expect(one.signal.aborted).toBe(false)
  })

  it('take no time-out that is over, although the wall clock was set back to when it was made', () => {
    newJob().enterLane()
    now = 6 * SECOND
    timeouts[0]!.controller.abort(TOO_LATE)
    now = 0
    const job = newJob()
    job.enterLane()
    expect(timeouts).toHaveLength(2)
    timeouts[1]!.controller.abort(TOO_LATE)
    expect(job.lane?.reason).toBe(TOO_LATE)
  })

  it('of a lane end sooner, and only while the job is in it', () => {
    const [left, waiting] = [newJob(), newJob()]
    left.enterLane()
    waiting.enterLane()
    const { lane } = left
    left.leaveLane()
    expect(left.lane).toBeNull()
    expect(timeouts.map(({ ms }) => ms)).toEqual([LANE_MS_MAX])
    timeouts[0]!.controller.abort(TOO_LATE)
    expect(waiting.lane?.reason).toBe(TOO_LATE)
    expect(lane?.aborted).toBe(false)
  })

  it('are let go when the job is over', () => {
    const job = newJob()
    const brief = job.brief()
    job.end()
    timeouts[0]!.controller.abort(TOO_LATE)
    job.interrupt(new Error('stopping'))
    expect(brief.aborted).toBe(false)
  })

  it('let a store with a budget begin the time of a brief request when its turn has come', () => {
    const job = newJob()
    const deadline = deadlineOf(job.brief())
    expect(deadline?.signal).toBe(job.signal)
    expect(deadline?.ms).toBe(timeouts[0]!.ms)
    job.enterLane()
    expect(deadlineOf(job.lane!)).toBeNull()
  })
})
