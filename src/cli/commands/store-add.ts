import { Option } from 'commander'
import type { StoreResource } from '../../api/schemas/store.ts'
import { STORE_KINDS, type StoreKind } from '../../domain/store.ts'
import { type Register, repeated } from '../command.ts'
import { parseSettings } from '../settings.ts'
import { type CredentialOptions, credentialsOf, withCredentialOptions } from '../store-credentials.ts'
import { storeView } from '../views/store.ts'

interface Options extends CredentialOptions {
  kind: StoreKind
  set?: string[]
}

/** `dim store add`: an endpoint that keeps bytes. */
export const registerStoreAdd: Register = (noun, bind) => {
  const bare = noun
    .command('add <name>')
    .description('add a store; its credentials are sealed at once')
    .addOption(new Option('--kind <kind>', 'what it speaks').choices(STORE_KINDS).makeOptionMandatory())
    .option('--set <name=value>', 'a setting of this kind, for example endpoint=https://… (repeat)', repeated)
  const command = withCredentialOptions(bare).addHelpText(
    'after',
    '\nExample: dim store add ceph --kind s3 --set endpoint=https://rgw.local --access-key-id AK --secret-access-key-file -' +
      '\n         dim store add blobs --kind azure-blob --set account=acme --credential accountKey=key.txt' +
      '\n         dim store add google --kind gcs --set projectId=acme --credential serviceAccountKey=key.json',
  )
  bind<Options>(command, async ({ api, out }, options, name) => {
    const credentials = await credentialsOf(options)
    const settings = parseSettings(options.set ?? [])
    const store = await api.post<StoreResource>('/v1/stores', {
      name,
      kind: options.kind,
      settings,
      ...(credentials === null ? {} : { credentials }),
    })
    out.one(store, storeView)
  })
}
