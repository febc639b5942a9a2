import type { ObjectDetail } from '../../api/schemas/object.ts'
import type { Register } from '../command.ts'
import type { View } from '../output.ts'
import { objectApiPath, parseObjectAddress } from '../references.ts'
import { countText, orHyphen, timeText } from '../units.ts'

const statView: View<ObjectDetail> = {
  name: object => `s3://${object.bucket}/${object.key}`,
  columns: [
    { header: 'KEY', value: object => object.key },
    { header: 'BYTES', value: object => countText(object.size) },
    { header: 'TYPE', value: object => orHyphen(object.contentType) },
    { header: 'ETAG', value: object => object.etag },
    { header: 'SHA-256', value: object => object.sha256 ?? 'not known yet' },
    { header: 'CRC-64/NVME', value: object => orHyphen(object.crc64nvme) },
    { header: 'MODIFIED', value: object => timeText(object.lastModifiedAt) },
    { header: 'METADATA', value: object => JSON.stringify(object.metadata) },
    { header: 'TAGS', value: object => JSON.stringify(object.tags) },
  ],
}

/** `dim object stat`: what a reader would be told, without reading. */
export const registerObjectStat: Register = (noun, bind) => {
  const command = noun.command('stat <object>').description('size, digests, dates and metadata of one object')
  bind(command, async ({ api, out }, _options, address) => {
    out.one(await api.get<ObjectDetail>(objectApiPath(parseObjectAddress(address))), statView)
  })
}
