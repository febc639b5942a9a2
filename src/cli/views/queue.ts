import type { PlanStatus, QueueStatus } from '../../api/schemas/queue.ts'
import type { Column, View } from '../output.ts'
import { bytesText, countText, durationText, timeText } from '../units.ts'

type Status = QueueStatus | PlanStatus

const shared: readonly Column<Status>[] = [
  { header: 'BY STATE', value: statesText },
  { header: 'LEFT', value: status => amountText(status.left) },
  { header: 'IN FLIGHT', value: status => countText(status.inFlight) },
  {
    header: 'PAUSED',
    value: status =>
      `${countText(status.paused)} one by one, ${countText(status.held)} with a store, plan or full location`,
  },
  { header: 'OVERDUE', value: status => countText(status.overdue) },
  { header: 'RESTING', value: restingText },
  { header: 'PACE', value: paceText },
  { header: 'ENDS', value: endText },
]

/** The whole queue, one line for each fact. */
export const queueStatusView: View<QueueStatus> = {
  name: status => (status.stop === null ? 'going' : 'stopped'),
  columns: [
    { header: 'STATE', value: stateText },
    { header: 'PAUSED STORES', value: status => pausesText(status.pausedStores) },
    { header: 'PAUSED PLANS', value: status => pausesText(status.pausedPlans) },
    ...shared,
  ],
}

/** One plan's migrations, one line for each fact. */
export const planStatusView: View<PlanStatus> = {
  name: status => status.planId,
  columns: [
    { header: 'PLAN', value: status => status.planId },
    {
      header: 'STATE',
      value: status =>
        status.stop === null && status.pause !== null
          ? `paused${sinceText(status.pause)}`
          : stateText(status),
    },
    {
      header: 'PRIORITY',
      value: status => (status.priority === null ? 'of the policy' : `${status.priority}`),
    },
    { header: 'DUE BY', value: dueText },
    { header: 'TOTAL', value: status => amountText(status.total) },
    { header: 'MOVED', value: status => amountText(status.moved) },
    { header: 'FAILED', value: status => amountText(status.failed) },
    ...shared,
  ],
}

/** What people must not overlook, or null: everything is stopped. */
export function stopText(stop: QueueStatus['stop']): string | null {
  return stop === null ? null : `ALL MIGRATIONS ARE STOPPED${sinceText(stop)}`
}

function stateText({ stop }: Status): string {
  return stopText(stop) ?? 'going'
}

function sinceText(pause: { at: string; reason: string | null; principal: string | null }): string {
  const reason = pause.reason === null ? '' : `: ${pause.reason}`
  return ` since ${timeText(pause.at)} by ${pause.principal ?? 'nobody known'}${reason}`
}

function pausesText(pauses: QueueStatus['pausedStores']): string {
  if (pauses.length === 0) return '-'
  return pauses.map(pause => `${pause.name}${sinceText(pause)}`).join('; ')
}

function dueText(status: PlanStatus): string {
  if (status.dueBy === null) return '-'
  const missed = status.overdueSince === null ? '' : ' (MISSED)'
  return `${timeText(status.dueBy)}${missed}`
}

function statesText(status: Status): string {
  const states = Object.entries(status.byState).map(
    ([state, amount]) => `${countText(amount.migrations)} ${state}`,
  )
  return states.length === 0 ? '-' : states.join(', ')
}

function amountText(amount: Status['left']): string {
  return `${countText(amount.migrations)} objects, ${bytesText(amount.bytes)}`
}

function restingText(status: Status): string {
  if (status.resting.length === 0) return '-'
  return status.resting
    .map(
      ({ kind, migrations, nextAttemptAt }) =>
        `${countText(migrations)} after ${kind}, next try ${timeText(nextAttemptAt)}`,
    )
    .join('; ')
}

function paceText({ throughput }: Status): string {
  if (throughput.measuredSeconds === 0) return '-'
  const objects = throughput.objectsPerSecond
  return `${objects < 10 ? objects.toFixed(2) : countText(objects)} objects/s, ${bytesText(Math.round(throughput.bytesPerSecond))}/s`
}

function endText({ end, left }: Status): string {
  if (left.migrations === 0) return 'nothing left to move'
  if (end.seconds === null) return `unknown (${end.unknownBecause})`
  return `in ${durationText(end.seconds)}${end.at === null ? '' : `, at ${timeText(end.at)}`}`
}
