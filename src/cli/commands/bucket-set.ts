import { Option } from 'commander'
import type { BucketResource } from '../../api/schemas/bucket.ts'
import type { LocationResource } from '../../api/schemas/location.ts'
import type { PolicyResource } from '../../api/schemas/policy.ts'
import { BUCKET_MODES, type BucketMode } from '../../domain/bucket.ts'
import type { Register } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { findNamed, namedPath } from '../references.ts'
import { warnOfUnencryptedWrites } from '../unencrypted-writes.ts'
import { bucketView } from '../views/bucket.ts'

interface Options {
  location?: string
  mode?: BucketMode
  /** False with `--no-policy`. */
  policy?: string | false
}

/** `dim bucket set`: changes what is named, leaves the rest. */
export const registerBucketSet: Register = (noun, bind) => {
  const command = noun
    .command('set <bucket>')
    .description('change where a bucket writes, its mode or its policy')
    .option('--location <location>', 'where the gateway puts what clients write')
    .addOption(new Option('--mode <mode>', 'how much of its containers is ours').choices(BUCKET_MODES))
    .option('--policy <policy>', 'what places its objects')
    .option('--no-policy', 'take the policy away: nothing moves any more')
  bind<Options>(command, async ({ api, out }, options, name) => {
    const bucket = await findNamed<BucketResource>(api, 'bucket', name)
    const change: Record<string, unknown> = {}
    if (options.mode !== undefined) change.mode = options.mode
    if (options.location !== undefined)
      change.writeLocationId = (await findNamed<LocationResource>(api, 'location', options.location)).id
    if (options.policy === false) change.policyId = null
    if (typeof options.policy === 'string')
      change.policyId = (await findNamed<PolicyResource>(api, 'policy', options.policy)).id
    if (Object.keys(change).length === 0) {
      out.say('nothing to change: name --location, --mode, --policy or --no-policy')
      return EXIT.nothingToDo
    }
    out.one(await api.change<BucketResource>('PATCH', namedPath('bucket', bucket.id), change), bucketView)
    await warnOfUnencryptedWrites({ api, out }, other => other.id === bucket.id)
    return EXIT.ok
  })
}
