import type { ObjectDetail, ObjectSummary } from '../../api/schemas/object.ts'
import type { View } from '../output.ts'
import { bytesText, countText, orHyphen, timeText } from '../units.ts'

/** An object as S3 tools name it. */
function addressOf({ bucket, key }: Pick<ObjectSummary, 'bucket' | 'key'>): string {
  return `s3://${bucket}/${key}`
}

export const objectView: View<ObjectSummary> = {
  name: addressOf,
  columns: [
    { header: 'KEY', value: object => object.key },
    { header: 'SIZE', value: object => bytesText(object.size), align: 'right' },
    { header: 'TIER', value: object => orHyphen(object.tier) },
    { header: 'LOCATION', value: object => object.location?.name ?? '-' },
    { header: 'HEAT', value: object => object.heat.score.toFixed(0), align: 'right' },
    { header: 'READS/DAY', value: object => object.heat.perDay.toPrecision(3), align: 'right' },
    { header: 'STATE', value: object => object.state },
    { header: 'BUCKET', value: object => object.bucket, wide: true },
    { header: 'LAST READ', value: object => timeText(object.heat.lastAccessAt), wide: true },
    { header: 'READS', value: object => countText(object.heat.reads), align: 'right', wide: true },
    { header: 'MODIFIED', value: object => timeText(object.lastModifiedAt), wide: true },
    { header: 'SLA MS', value: object => orHyphen(object.latencySlaMs), align: 'right', wide: true },
  ],
}

export const objectDetailView: View<ObjectDetail> = {
  name: addressOf,
  columns: [
    { header: 'OBJECT', value: addressOf },
    { header: 'SIZE', value: object => `${bytesText(object.size)} (${countText(object.size)} bytes)` },
    {
      header: 'LOCATION',
      value: object =>
        object.location === null ? 'no good copy' : `${object.location.name} (${object.tier})`,
    },
    { header: 'STATE', value: stateText },
    {
      header: 'HEAT',
      value: ({ heat }) =>
        `${heat.score.toFixed(0)} of 100, ${heat.perDay.toPrecision(3)} reads a day, ${heat.access24h} in the last 24 h`,
    },
    { header: 'READS', value: ({ heat }) => `${countText(heat.reads)}, ${bytesText(heat.bytesRead)}` },
    { header: 'LAST READ', value: ({ heat }) => timeText(heat.lastAccessAt) },
    { header: 'ETAG', value: object => object.etag },
    { header: 'SHA-256', value: object => object.sha256 ?? 'not known yet' },
    { header: 'GENERATION', value: object => String(object.generation) },
    { header: 'PINNED', value: object => pinText(object) },
    {
      header: 'LATENCY SLA',
      value: object => (object.latencySlaMs === null ? '-' : `${object.latencySlaMs} ms`),
    },
    { header: 'COPIES', value: object => object.copies.map(copyText).join('; ') },
    {
      header: 'NEXT REVIEW',
      value: object => `${timeText(object.nextReviewAt)} ${object.nextReviewReason ?? ''}`,
    },
    { header: 'MIGRATION', value: object => orHyphen(object.migrationId) },
    { header: 'MODIFIED', value: object => timeText(object.lastModifiedAt) },
  ],
}

function stateText({ quarantinedBecause, state }: ObjectDetail): string {
  return quarantinedBecause === null ? state : `${state}: ${quarantinedBecause}`
}

function pinText(object: ObjectDetail): string {
  if (object.pinnedLocation === null) return '-'
  return `to ${object.pinnedLocation.name}${object.pinnedUntil === null ? '' : ` until ${timeText(object.pinnedUntil)}`}`
}

function copyText(copy: ObjectDetail['copies'][number]): string {
  const isGood = copy.state !== 'suspect'
  const facts = [
    ...(copy.isPrimary ? ['primary'] : []),
    ...(copy.isPrimary && copy.state === 'complete' ? [] : [copy.state]),
    // What was proven once says nothing of bytes that failed since.
    ...(isGood && copy.verifiedAt !== null ? ['verified'] : []),
  ]
  return `${copy.location.name} (${facts.join(', ')})`
}
