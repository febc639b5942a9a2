import { type ConfigKey, listConfigKeys } from './config.ts'
import type { SchemaKey } from './schema-keys.ts'

/** The reference page of all settings, as Markdown: one table per section of the configuration. */
export function configPage(): string {
  const sections = Map.groupBy(listConfigKeys(), sectionOf)
  return [
    '# Configuration of `dim serve`',
    '',
    '<!-- Made by `npm run generate` from src/app/config.ts; never edited. -->',
    '',
    'Every setting has a default. What is said on the command line wins over an environment variable, that over the',
    'configuration file, and that over the default. The file is YAML with the sections below, for example',
    '`gateway: { port: 7601 }`; `--config <file>` or `DIM_CONFIG` names it. A key or a `DIM_` variable that does not',
    'exist is an error, and all errors are told at once.',
    '',
    'Lists are separated by commas in a variable; booleans are `true` or `false`. `DATABASE_URL` is another name of',
    '`DIM_DATABASE_URL`. For secrets, `NAME_FILE` stands for `NAME` with the content of that file, less a trailing',
    'line break: `DATABASE_URL_FILE=/run/secrets/database`. Setting both is an error.',
    '',
    ...[...sections].flatMap(([section, keys]) => [
      `## ${section}`,
      '',
      '| key | variable | default | meaning |',
      '|---|---|---|---|',
      ...keys.map(key =>
        pageRow([`\`${key.path}\``, `\`${key.variable}\``, presetText(key), key.description]),
      ),
      '',
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}

/** `gateway.limits` for `gateway.limits.drainMs`; what lies in no section belongs to the process. */
function sectionOf(key: ConfigKey): string {
  const section = key.path.split('.').slice(0, -1).join('.')
  return section === '' ? 'The process' : `\`${section}\``
}

/** A row of a table of a page. */
export function pageRow(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** What holds when nobody says otherwise, for a page. */
export function presetText({ path, preset }: SchemaKey): string {
  if (path === 'dataDir') return "`data-in-motion` in the user's data folder"
  if (preset === undefined || preset === null || (Array.isArray(preset) && preset.length === 0)) return 'none'
  return `\`${Array.isArray(preset) ? preset.join(',') : String(preset)}\``
}
