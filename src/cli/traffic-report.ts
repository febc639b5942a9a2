import type { TrafficCounts } from '../simulator/traffic/drive-requests.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { View } from './output.ts'
import { bytesText, countText } from './units.ts'

/** What a run of requests amounted to, as printed at its end. */
export interface TrafficReport {
  readonly objects: number
  readonly requests: number
  readonly reads: number
  readonly writes: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly errors: number
  readonly wrongBytes: number
  /** Requests sent over a second after their time. */
  readonly late: number
  readonly seconds: number
  readonly errorKinds: Readonly<Record<string, { count: number; example: string }>>
}

export function trafficReport(counts: TrafficCounts, objects: number, seconds: number): TrafficReport {
  const { reads, writes, bytesRead, bytesWritten, errors, wrongBytes, late } = counts
  const requests = reads + writes
  const errorKinds = Object.fromEntries(counts.errorKinds)
  return {
    objects,
    requests,
    reads,
    writes,
    bytesRead,
    bytesWritten,
    errors,
    wrongBytes,
    late,
    seconds,
    errorKinds,
  }
}

export const trafficView: View<TrafficReport> = {
  name: report => String(report.requests),
  columns: [
    { header: 'OBJECTS', value: report => countText(report.objects) },
    {
      header: 'REQUESTS',
      value: report => `${countText(report.requests)} in ${report.seconds.toFixed(1)} s`,
    },
    { header: 'READS', value: report => `${countText(report.reads)}, ${bytesText(report.bytesRead)}` },
    { header: 'WRITES', value: report => `${countText(report.writes)}, ${bytesText(report.bytesWritten)}` },
    { header: 'ERRORS', value: report => countText(report.errors) },
    { header: 'WRONG', value: report => countText(report.wrongBytes) },
    { header: 'LATE', value: report => countText(report.late) },
    {
      header: 'KINDS',
      value: report =>
        Object.entries(report.errorKinds)
          .map(([kind, { count, example }]) => `${kind} (${count}): ${example}`)
          .join('; ') || '-',
    },
  ],
}

/** Wrong bytes weigh more than errors, errors more than nothing. */
export function trafficExitCode(report: TrafficReport): ExitCode {
  if (report.wrongBytes > 0) return EXIT.mismatch
  if (report.errors > 0) return report.errors < report.requests ? EXIT.partial : EXIT.retryable
  return report.requests === 0 ? EXIT.nothingToDo : EXIT.ok
}

/** One line of progress. */
export function trafficLine(counts: TrafficCounts, seconds: number): string {
  const requests = counts.reads + counts.writes
  const rate = seconds > 0 ? requests / seconds : 0
  return `${countText(requests)} requests (${countText(rate)}/s), ${bytesText(counts.bytesRead)} read, ${countText(counts.errors)} errors, ${countText(counts.wrongBytes)} wrong`
}
