import { Option } from 'commander'
import type { StoreResource } from '../../api/schemas/store.ts'
import { listStoreSettings } from '../../app/store-settings.ts'
import { STORE_KINDS, type StoreKind } from '../../domain/store.ts'
import { type Register, repeated } from '../command.ts'
import { parseSettings } from '../settings.ts'
import { type CredentialOptions, credentialsOf, withCredentialOptions } from '../store-credentials.ts'
import { storeView } from '../views/store.ts'

interface Options extends CredentialOptions {
  kind: StoreKind
  setting?: string[]
  /** Former name of `setting`. */
  set?: string[]
}

/** `dim store add`: an endpoint that keeps bytes. */
export const registerStoreAdd: Register = (noun, bind) => {
  const bare = noun
    .command('add <name>')
    .description('add a store; its credentials are sealed at once')
    .addOption(new Option('--kind <kind>', 'what it speaks').choices(STORE_KINDS).makeOptionMandatory())
    .option(
      '--setting <name=value>',
      'a setting of this kind, for example endpoint=https://… (repeat)',
      repeated,
    )
    .addOption(new Option('--set <name=value>', 'its former name').argParser(repeated).hideHelp())
  const command = withCredentialOptions(bare).addHelpText(
    'after',
    `
Settings, and what holds without them (docs/reference/store-settings.md says what they mean):
${STORE_KINDS.map(settingsLine).join('\n')}
What a server can do is found out by itself: dim store probe <name> --learn.

Example: dim store add ceph --kind s3 --setting endpoint=https://rgw.local --access-key-id AK --secret-access-key-file -
         dim store add blobs --kind azure-blob --setting account=acme --credential accountKey=key.txt
         dim store add google --kind gcs --setting projectId=acme --credential serviceAccountKey=key.json`,
  )
  bind<Options>(command, async ({ api, out }, options, name) => {
    const credentials = await credentialsOf(options)
    const settings = parseSettings([...(options.setting ?? []), ...(options.set ?? [])])
    const store = await api.post<StoreResource>('/v1/stores', {
      name,
      kind: options.kind,
      settings,
      ...(credentials === null ? {} : { credentials }),
    })
    out.one(store, storeView)
  })
}

const LINE_COLUMNS = 100

/** The settings of a kind for the help text, broken into lines. */
function settingsLine(kind: StoreKind): string {
  const lines = [`  ${kind}:`.padEnd(INDENT)]
  for (const setting of listStoreSettings(kind)) {
    const line = lines.at(-1)!
    const word = ` ${wordOf(setting)}`
    if (line.length + word.length <= LINE_COLUMNS) lines[lines.length - 1] = line + word
    else lines.push(' '.repeat(INDENT) + word)
  }
  return lines.join('\n')
}

const INDENT = '  azure-blob:'.length

function wordOf({ path, preset }: ReturnType<typeof listStoreSettings>[number]): string {
  if (preset === undefined) return `${path} (must be said)`
  const isNone = preset === null || (Array.isArray(preset) && preset.length === 0)
  return isNone ? path : `${path} (${String(preset)})`
}
