import { Option } from 'commander'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import type { PolicyResource } from '../../api/schemas/policy.ts'
import { BUCKET_MODES, type BucketMode } from '../../domain/bucket.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { warnOfUnencryptedWrites } from '../unencrypted-writes.ts'
import { bucketView } from '../views/bucket.ts'

/** `dim bucket create` */
export const registerBucketCreate: Register = (noun, bind) => {
  const command = noun
    .command('create <name>')
    .description('make a name space of objects behind the gateway')
    .requiredOption('--location <location>', 'where the gateway puts what clients write')
    .addOption(
      new Option('--mode <mode>', 'how much of its containers is ours')
        .choices(BUCKET_MODES)
        .default('shared'),
    )
    .option('--policy <policy>', 'what places its objects; without one nothing moves')
  bind<{ location: string; mode: BucketMode; policy?: string }>(
    command,
    async ({ api, out }, options, name) => {
      const location = await findNamed<LocationResource>(api, 'location', options.location)
      const policy =
        options.policy === undefined ? null : await findNamed<PolicyResource>(api, 'policy', options.policy)
      const bucket = await api.post<BucketResource>('/v1/buckets', {
        name,
        mode: options.mode,
        writeLocationId: location.id,
        policyId: policy?.id ?? null,
      })
      out.one(bucket, bucketView)
      await warnOfUnencryptedWrites({ api, out }, other => other.id === bucket.id)
    },
  )
}
