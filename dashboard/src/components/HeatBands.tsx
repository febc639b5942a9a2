import type { ReactNode } from 'react'
import { formatDecimal } from '../format/quantity.ts'
import { TierMark } from './TierMark.tsx'

interface Band {
  readonly enterReadsPerDay: number
  readonly leaveReadsPerDay: number
}

interface Bands {
  readonly hot: Band
  readonly warm: Band
  readonly halfLife: string
}

/** The heat bands of a threshold policy, in words: what it takes to enter a tier, and to leave it. */
export function HeatBands({ bands }: { bands: Bands }): ReactNode {
  return (
    <table className="mb-3 w-full text-left">
      <caption className="pb-1 text-left text-xs text-ink-faint">
        Reads per day that decide the tier; silence halves them every {bands.halfLife}.
      </caption>
      <tbody>
        <Row
          tier="hot"
          enters={`${formatDecimal(bands.hot.enterReadsPerDay)} or more`}
          leaves={bands.hot.leaveReadsPerDay}
        />
        <Row
          tier="warm"
          enters={`${formatDecimal(bands.warm.enterReadsPerDay)} or more`}
          leaves={bands.warm.leaveReadsPerDay}
        />
        <Row tier="cold" enters="everything quieter" leaves={null} />
      </tbody>
    </table>
  )
}

function Row({
  tier,
  enters,
  leaves,
}: {
  tier: 'hot' | 'warm' | 'cold'
  enters: string
  leaves: number | null
}): ReactNode {
  return (
    <tr className="border-t border-line">
      <td className="py-1.5 pr-4">
        <TierMark tier={tier} named />
      </td>
      <td className="py-1.5 pr-4">{enters}</td>
      <td className="py-1.5 text-ink-soft">
        {leaves === null ? '' : `leaves below ${formatDecimal(leaves)}`}
      </td>
    </tr>
  )
}

/** Finds the heat bands in a policy document; null when it is another kind of policy. */
export function readBands(document: Readonly<Record<string, unknown>>): Bands | null {
  const threshold = asRecord(document.threshold)
  const hot = asBand(threshold?.hot)
  const warm = asBand(threshold?.warm)
  if (hot === null || warm === null) return null
  return { hot, warm, halfLife: String(threshold?.halfLife ?? '').replace(/(\d)([a-z])/, '$1 $2') }
}

function asBand(value: unknown): Band | null {
  const band = asRecord(value)
  const enter = band?.enterReadsPerDay
  const leave = band?.leaveReadsPerDay
  return typeof enter === 'number' && typeof leave === 'number'
    ? { enterReadsPerDay: enter, leaveReadsPerDay: leave }
    : null
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
