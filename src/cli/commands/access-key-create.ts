import { Option } from 'commander'
import type { AccessKeyResource } from '../../api/schemas/access-key.ts'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import { READER_CLASSES, type ReaderClass } from '../../domain/access-event.ts'
import { type Register, repeated } from '../command.ts'
import type { View } from '../output.ts'
import { findNamed } from '../references.ts'
import { accessKeyView } from '../views/access.ts'

type Created = AccessKeyResource & { secretAccessKey: string }

const createdView: View<Created> = {
  name: accessKeyView.name,
  columns: [
    { header: 'ACCESS KEY ID', value: key => key.id },
    { header: 'SECRET ACCESS KEY', value: key => key.secretAccessKey },
    { header: 'READER CLASS', value: key => key.readerClass },
  ],
}

/** `dim access-key create`: the answer is the only time the secret is shown. */
export const registerAccessKeyCreate: Register = (noun, bind) => {
  const command = noun
    .command('create')
    .description('make a key for an S3 client; its secret is shown once')
    .addOption(
      new Option('--reader-class <class>', 'what kind of reader it stands for')
        .choices(READER_CLASSES)
        .default('application'),
    )
    .option('--bucket <bucket>', 'only this bucket (repeat; all buckets)', repeated)
    .option('--read-only', 'may not write')
  bind<{ readerClass: ReaderClass; bucket?: string[]; readOnly?: boolean }>(
    command,
    async ({ api, out }, options) => {
      const buckets = await Promise.all(
        (options.bucket ?? []).map(bucket => findNamed<BucketResource>(api, 'bucket', bucket)),
      )
      const key = await api.post<Created>('/v1/access-keys', {
        readerClass: options.readerClass,
        bucketIds: buckets.length === 0 ? null : buckets.map(bucket => bucket.id),
        mayWrite: options.readOnly !== true,
      })
      out.one(key, createdView)
      out.say('the secret is not shown again')
    },
  )
}
