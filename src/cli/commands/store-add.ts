import { Option } from 'commander'
import type { StoreResource } from '../../api/schemas/store.ts'
import { STORE_KINDS, type StoreKind } from '../../domain/store.ts'
import { type Register, repeated } from '../command.ts'
import { readSecret } from '../documents.ts'
import { parseSettings } from '../settings.ts'
import { storeView } from '../views/store.ts'

interface Options {
  kind: StoreKind
  set?: string[]
  accessKeyId?: string
  secretAccessKeyFile?: string
}

/** `dim store add`: an endpoint that keeps bytes. */
export const registerStoreAdd: Register = (noun, bind) => {
  const command = noun
    .command('add <name>')
    .description('add a store; its credentials are sealed at once')
    .addOption(new Option('--kind <kind>', 'what it speaks').choices(STORE_KINDS).makeOptionMandatory())
    .option('--set <name=value>', 'a setting of this kind, for example endpoint=https://… (repeat)', repeated)
    .option('--access-key-id <id>', 'access key of an S3 store')
    .option('--secret-access-key-file <file>', 'file with its secret; "-" reads standard input')
    .addHelpText(
      'after',
      '\nExample: dim store add ceph --kind s3 --set endpoint=https://rgw.local --access-key-id AK --secret-access-key-file -',
    )
  bind<Options>(command, async ({ api, out }, options, name) => {
    const secretAccessKey =
      options.secretAccessKeyFile === undefined ? undefined : await readSecret(options.secretAccessKeyFile)
    const credentials =
      options.accessKeyId === undefined && secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId: options.accessKeyId, secretAccessKey } }
    const settings = parseSettings(options.set ?? [])
    const store = await api.post<StoreResource>('/v1/stores', {
      name,
      kind: options.kind,
      settings,
      ...credentials,
    })
    out.one(store, storeView)
  })
}
