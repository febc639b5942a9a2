import { Option } from 'commander'
import type { StoreResource } from '../../api/schemas/store.ts'
import { STORE_KINDS, type StoreKind } from '../../domain/store.ts'
import { type Register, repeated } from '../command.ts'
import { readSecret } from '../documents.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { parseSettings } from '../settings.ts'
import { storeView } from '../views/store.ts'

interface Options {
  kind: StoreKind
  set?: string[]
  accessKeyId?: string
  secretAccessKeyFile?: string
  credential?: string[]
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
    .option(
      '--credential <name=file>',
      'a secret of another kind, from a file; "-" reads standard input: accountKey, sasToken or connectionString of Azure, serviceAccountKey of Google',
      repeated,
    )
    .addHelpText(
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

/** The credentials given, or null. Throws with exit code 2 for what cannot be read as one. */
async function credentialsOf(options: Options): Promise<Record<string, string> | null> {
  const given: Record<string, string> = {}
  if (options.accessKeyId !== undefined) given.accessKeyId = options.accessKeyId
  if (options.secretAccessKeyFile !== undefined) {
    given.secretAccessKey = await readSecret(options.secretAccessKeyFile)
  }
  for (const assignment of options.credential ?? []) {
    const [, name, file] = /^([A-Za-z]+)=(.+)$/.exec(assignment) ?? []
    if (name === undefined || file === undefined) {
      throw new CliError(EXIT.usage, '--credential takes name=file, and the secret stands in the file')
    }
    given[name] = await readSecret(file)
  }
  return Object.keys(given).length === 0 ? null : given
}
