import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { explanationQuery, migrationsQuery, objectQuery } from '../api/queries.ts'
import type { Copy, Explanation, ObjectDetail } from '../api/types.ts'
import { DailyBars } from '../charts/DailyBars.tsx'
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatHeatScore,
  formatMilliseconds,
  formatUsdExact,
} from '../format/quantity.ts'
import { formatDays } from '../format/time.ts'
import { paths } from '../paths.ts'
import { Badge } from '../ui/Badge.tsx'
import { CopyCommand } from '../ui/CopyCommand.tsx'
import { Drawer } from '../ui/Drawer.tsx'
import { ErrorState } from '../ui/ErrorState.tsx'
import { Skeleton } from '../ui/Skeleton.tsx'
import { BurstButton } from './BurstDialog.tsx'
import { CostAlternatives } from './CostAlternatives.tsx'
import { Facts, Section } from './Facts.tsx'
import { MigrationBadge } from './MigrationBadge.tsx'
import { Moment } from './Moment.tsx'
import { PathLink } from './PathLink.tsx'
import { QueryError } from './QueryError.tsx'
import { RouteMark } from './RouteMark.tsx'
import { DECISION_WORDS, REVIEW_WORDS } from './reason-words.ts'
import { TierMark } from './TierMark.tsx'
import { useInfinite } from './use-infinite.ts'

interface ObjectDrawerProps {
  readonly address: { readonly bucket: string; readonly key: string } | null
  readonly onClose: () => void
}

/** One object: where it lies and why in a sentence, then copies, heat, alternatives, moves. */
export function ObjectDrawer({ address, onClose }: ObjectDrawerProps): ReactNode {
  const { bucket, key } = address ?? { bucket: '', key: '' }
  const enabled = address !== null
  const object = useQuery({ ...objectQuery(bucket, key), enabled })
  const explanation = useQuery({ ...explanationQuery(bucket, key), enabled })
  return (
    <Drawer
      open={enabled}
      onClose={onClose}
      title={
        <span className="font-mono text-sm break-all">
          <span className="text-ink-faint">{bucket}/</span>
          {key}
        </span>
      }
      actions={
        object.data === undefined ? null : (
          <BurstButton bucket={bucket} objectKey={key} size={object.data.size} />
        )
      }
    >
      <Where object={object.data} explanation={explanation.data} error={object.error ?? explanation.error} />
      {object.data === undefined ? null : <Copies object={object.data} />}
      {object.data === undefined ? null : <Heat object={object.data} />}
      {explanation.data === undefined ? null : <Alternatives explanation={explanation.data} />}
      {object.data === undefined ? null : <Moves object={object.data} />}
      {object.data === undefined ? null : <Identity object={object.data} />}
    </Drawer>
  )
}

interface WhereProps {
  readonly object: ObjectDetail | undefined
  readonly explanation: Explanation | undefined
  readonly error: unknown
}

function Where({ object, explanation, error }: WhereProps): ReactNode {
  if (error !== null && object === undefined) return <QueryError error={error} />
  return (
    <Section title="Where and why">
      {explanation !== undefined ? (
        <p className="mb-3 text-base text-ink">{explanation.summary}</p>
      ) : error !== null ? (
        <div className="mb-3">
          <QueryError error={error} />
        </div>
      ) : (
        <div className="mb-3 flex flex-col gap-2">
          <Skeleton width="95%" height={14} />
          <Skeleton width="60%" height={14} />
        </div>
      )}
      {object?.quarantinedBecause === null || object === undefined ? null : (
        <div className="mb-3">
          <ErrorState
            words={{
              what: object.quarantinedBecause,
              harm: 'Nothing of this object is moved or deleted until somebody looked.',
              remedy: 'Compare its copies with: dim verify.',
            }}
          />
        </div>
      )}
      <Facts
        facts={{
          Place: object === undefined ? <Skeleton width="140px" /> : <Place object={object} />,
          Verdict: explanation === undefined ? <Skeleton width="180px" /> : verdictOf(explanation),
          Size: object === undefined ? <Skeleton width="60px" /> : formatBytes(object.size),
          'Latency limit':
            object === undefined || object.latencySlaMs === null
              ? null
              : formatMilliseconds(object.latencySlaMs),
          'Pinned to':
            object?.pinnedLocation === null || object === undefined ? null : <Pin object={object} />,
          'Looked at again': explanation === undefined ? null : <Review explanation={explanation} />,
        }}
      />
    </Section>
  )
}

function Place({ object }: { object: ObjectDetail }): ReactNode {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <TierMark tier={object.tier} named />
      <span className="text-ink-soft">{object.location?.name ?? 'no readable copy'}</span>
      {object.state === 'settled' ? null : (
        <Badge tone={object.state === 'quarantined' ? 'alarm' : 'active'}>{object.state}</Badge>
      )}
    </span>
  )
}

function Pin({ object }: { object: ObjectDetail }): ReactNode {
  return (
    <>
      {object.pinnedLocation?.name}
      {object.pinnedUntil === null ? (
        ' until somebody unpins it'
      ) : (
        <>
          {' '}
          until <Moment at={object.pinnedUntil} clock="model" />
        </>
      )}
    </>
  )
}

function Review({ explanation }: { explanation: Explanation }): ReactNode {
  return (
    <>
      <Moment at={explanation.reviewAt} clock="model" />, because {REVIEW_WORDS[explanation.reviewReason]}
    </>
  )
}

function verdictOf(explanation: Explanation): string {
  const words = DECISION_WORDS[explanation.reason]
  if (explanation.stays) return `Stays. ${words}.`
  const saving = explanation.monthlySavingUsd
  const money =
    saving >= 0
      ? `saves ${formatUsdExact(saving)} per month for ${formatUsdExact(explanation.oneTimeUsd)} once, paid back: ${formatDays(explanation.paybackDays)}`
      : `costs ${formatUsdExact(-saving)} more per month`
  return `${CHANGE_WORDS[explanation.change ?? 'move']} ${explanation.targetLocation.name}. ${words}; ${money}.`
}

/** What should become of an object, before the name of the place. */
const CHANGE_WORDS: Readonly<Record<NonNullable<Explanation['change']>, string>> = {
  move: 'Should move to',
  'add-copy': 'Should get a copy at',
  'drop-copy': 'Should lose its copy at',
  reclassify: 'Should change, where it lies, to the storage class of',
}

function Copies({ object }: { object: ObjectDetail }): ReactNode {
  return (
    <Section title={object.copies.length === 1 ? 'One copy' : `${object.copies.length} copies`}>
      <ul className="flex flex-col gap-2">
        {object.copies.map(copy => (
          <li key={copy.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <TierMark tier={copy.tier} />
            <span className="font-medium">{copy.location.name}</span>
            <Badge tone={copyTone(copy)}>{copy.isPrimary ? 'Primary' : copy.state}</Badge>
            {copy.isPrimary && copy.state !== 'complete' ? (
              <Badge tone={copyTone(copy)}>{copy.state}</Badge>
            ) : null}
            <span className="text-xs text-ink-faint">
              arrived <Moment at={copy.enteredAt} clock="model" />
              {copy.verifiedAt === null ? (
                ', not verified yet'
              ) : (
                <>
                  , verified <Moment at={copy.verifiedAt} clock="model" />
                </>
              )}
              {copy.graceUntil === null ? (
                ''
              ) : (
                <>
                  , kept until <Moment at={copy.graceUntil} clock="model" />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function copyTone(copy: Copy): 'alarm' | 'active' | 'neutral' {
  if (copy.state === 'suspect') return 'alarm'
  return copy.isPrimary ? 'active' : 'neutral'
}

function Heat({ object }: { object: ObjectDetail }): ReactNode {
  const { heat } = object
  return (
    <Section title="Heat over 90 days">
      <DailyBars
        days={object.daily.map(({ day, reads }) => ({ day, value: reads }))}
        label={`Reads per day; ${formatCount(heat.reads)} reads since it is known`}
        describe={day => `${day.day}: ${formatCount(day.value)} reads`}
      />
      <div className="mt-3">
        <Facts
          facts={{
            'Heat score': `${formatHeatScore(heat.score)} of 100`,
            Now: `${formatDecimal(heat.perDay)} reads per day`,
            'Last hour, day': `${formatCount(heat.access1h)} and ${formatCount(heat.access24h)} accesses`,
            'Since known': `${formatCount(heat.reads)} reads, ${formatBytes(heat.bytesRead)}`,
            'Last access':
              heat.lastAccessAt === null ? 'never' : <Moment at={heat.lastAccessAt} clock="model" />,
          }}
        />
      </div>
    </Section>
  )
}

function Alternatives({ explanation }: { explanation: Explanation }): ReactNode {
  return (
    <>
      <Section title="What each place would cost">
        <CostAlternatives alternatives={explanation.alternatives} />
        <p className="mt-2 text-xs text-ink-faint">
          {formatDecimal(explanation.inputs.readsPerMonthExpected)} reads per month expected. List prices of{' '}
          {explanation.inputs.priceBook}, policy {explanation.inputs.policy}.
        </p>
      </Section>
      {explanation.whatWouldChangeIt.length === 0 ? null : (
        <Section title="What would change it">
          <ul className="flex list-disc flex-col gap-1 pl-4 text-ink-soft marker:text-ink-faint">
            {explanation.whatWouldChangeIt.map(change => (
              <li key={change.text}>{change.text}</li>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

function Moves({ object }: { object: ObjectDetail }): ReactNode {
  const moves = useInfinite(migrationsQuery({ objectId: object.id }))
  if (moves.rows === undefined) return null
  return (
    <Section title="Its moves">
      {moves.rows.length === 0 ? <p className="text-ink-soft">It never moved.</p> : null}
      <ul className="flex flex-col">
        {moves.rows.map(move => (
          <li
            key={move.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-1.5 last:border-b-0"
          >
            <MigrationBadge migration={move} />
            <RouteMark from={move.source} to={move.target} />
            <PathLink to={paths.migration(move.id)}>Timeline</PathLink>
            <span className="ml-auto text-xs text-ink-faint">
              <Moment at={move.finishedAt ?? move.startedAt ?? move.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Identity({ object }: { object: ObjectDetail }): ReactNode {
  const code = (text: string | null) =>
    text === null ? null : <code className="font-mono text-xs break-all">{text}</code>
  const pairs = (record: Readonly<Record<string, string>>) =>
    Object.keys(record).length === 0
      ? null
      : Object.entries(record)
          .map(([name, value]) => `${name}=${value}`)
          .join(', ')
  return (
    <Section title="Identity">
      <Facts
        facts={{
          ETag: code(object.etag),
          'SHA-256': code(object.sha256) ?? 'not known until somebody reads all of it',
          'CRC-64/NVME': code(object.crc64nvme),
          'Content type': object.contentType,
          Metadata: pairs(object.metadata),
          Tags: pairs(object.tags),
          'Last changed': <Moment at={object.lastModifiedAt} />,
          Generation: `${object.generation}, placement ${object.placementVersion}`,
          'Written by': object.principal,
        }}
      />
      <div className="mt-3">
        <CopyCommand command={`dim explain '${object.bucket}/${object.key.replaceAll("'", "'\\''")}'`} />
      </div>
    </Section>
  )
}
