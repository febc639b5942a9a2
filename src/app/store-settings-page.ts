import { STORE_KINDS } from '../domain/store.ts'
import { pageRow, presetText } from './config-page.ts'
import type { SchemaKey } from './schema-keys.ts'
import { listStoreSettings } from './store-settings.ts'

/** The reference page of the settings of stores, as Markdown: one table per kind. */
export function storeSettingsPage(): string {
  return [
    '# Settings of stores',
    '',
    '<!-- Made by `npm run generate` from src/stores/*/config.ts; never edited. -->',
    '',
    '`dim store add NAME --kind KIND --setting name=value` gives a store its settings, `dim store set NAME --setting name=value`',
    'others. What a server can do (`capabilities`) is no choice: `dim store probe NAME --learn` finds it out and keeps it.',
    'Credentials are no settings: they come from files (`dim store add --help`) and are sealed.',
    '',
    ...STORE_KINDS.flatMap(kind => [
      `## \`${kind}\``,
      '',
      '| setting | default | meaning |',
      '|---|---|---|',
      ...listStoreSettings(kind).map(key => pageRow([`\`${key.path}\``, defaultText(key), key.description])),
      '',
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}

function defaultText(key: SchemaKey): string {
  return key.preset === undefined ? 'must be said' : presetText(key)
}
