import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { bucketView } from '../views/bucket.ts'

/** `dim bucket show` */
export const registerBucketShow: Register = (noun, bind) => {
  bind(
    noun.command('show <bucket>').description('one bucket, by name or id'),
    async ({ api, out }, _options, name) => {
      out.one(await findNamed<BucketResource>(api, 'bucket', name), bucketView)
    },
  )
}
