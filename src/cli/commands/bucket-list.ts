import type { BucketResource } from '../../api/schemas/bucket.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { bucketView } from '../views/bucket.ts'

/** `dim bucket list` */
export const registerBucketList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('buckets by name')),
    async ({ api, out }, options) => {
      out.list((await api.list<BucketResource>('/v1/buckets', {}, limitOf(options))).items, bucketView)
    },
  )
}
