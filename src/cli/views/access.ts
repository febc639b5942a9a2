import type { AccessKeyResource } from '../../api/schemas/access-key.ts'
import type {
  AccessEventResource,
  DeadLetterDetail,
  DeadLetterReplay,
  DeadLetterResource,
} from '../../api/schemas/event.ts'
import type { TokenResource } from '../../api/schemas/token.ts'
import type { View } from '../output.ts'
import { bytesText, timeText } from '../units.ts'

export const accessKeyView: View<AccessKeyResource> = {
  name: key => key.id,
  columns: [
    { header: 'ID', value: key => key.id },
    { header: 'READER CLASS', value: key => key.readerClass },
    { header: 'MAY WRITE', value: key => (key.mayWrite ? 'yes' : 'no') },
    { header: 'BUCKETS', value: key => (key.bucketIds === null ? 'all' : String(key.bucketIds.length)) },
    { header: 'CREATED', value: key => timeText(key.createdAt) },
    { header: 'REVOKED', value: key => timeText(key.revokedAt) },
  ],
}

export const tokenView: View<TokenResource> = {
  name: token => token.id,
  columns: [
    { header: 'ID', value: token => token.id },
    { header: 'NAME', value: token => token.name },
    { header: 'ROLE', value: token => token.role },
    { header: 'EXPIRES', value: token => timeText(token.expiresAt) },
    { header: 'REVOKED', value: token => timeText(token.revokedAt) },
    { header: 'CREATED', value: token => timeText(token.createdAt), wide: true },
    { header: 'BY', value: token => token.principal, wide: true },
  ],
}

export const accessEventView: View<AccessEventResource> = {
  name: event => event.objectId,
  columns: [
    { header: 'AT', value: event => timeText(event.at) },
    { header: 'DID', value: event => event.operation },
    {
      header: 'OBJECT',
      value: event => (event.key === null ? event.objectId : `${event.bucket}/${event.key}`),
    },
    { header: 'BYTES', value: event => bytesText(event.bytes), align: 'right' },
    { header: 'READER', value: event => event.readerClass },
    { header: 'FROM', value: event => event.location ?? '-' },
  ],
}

export const deadLetterView: View<DeadLetterResource> = {
  name: letter => letter.id,
  columns: [
    { header: 'ID', value: letter => letter.id },
    { header: 'RECEIVED', value: letter => timeText(letter.receivedAt) },
    { header: 'SOURCE', value: letter => letter.source },
    { header: 'REASON', value: letter => letter.reason },
    { header: 'REPLAYED', value: letter => timeText(letter.replayedAt) },
    { header: 'PAYLOAD', value: letter => letter.payload.slice(0, 200), wide: true },
  ],
}

export const deadLetterDetailView: View<DeadLetterDetail> = {
  name: letter => letter.id,
  columns: [
    { header: 'ID', value: letter => letter.id },
    { header: 'RECEIVED', value: letter => timeText(letter.receivedAt) },
    { header: 'SOURCE', value: letter => `${letter.source}${placeText(letter)}` },
    { header: 'REASON', value: letter => letter.reason },
    { header: 'REPLAYED', value: letter => timeText(letter.replayedAt) },
    { header: 'WOULD COUNT', value: letter => `${letter.replayableEvents} events` },
    { header: 'BYTES', value: letter => `${bytesText(letter.payloadBytes)} as ${letter.payloadEncoding}` },
    { header: 'PAYLOAD', value: letter => letter.payload },
  ],
}

export const deadLetterReplayView: View<DeadLetterReplay> = {
  name: letter => letter.id,
  columns: [
    { header: 'ID', value: letter => letter.id },
    { header: 'EVENTS', value: letter => String(letter.replayedEvents), align: 'right' },
    { header: 'REPLAYED', value: letter => timeText(letter.replayedAt) },
    { header: 'REASON', value: letter => letter.reason },
  ],
}

/** Where in its source a dead letter was found. */
function placeText({ partition, offset }: DeadLetterResource): string {
  return partition === null || offset === null ? '' : `, partition ${partition}, offset ${offset}`
}
