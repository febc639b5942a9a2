import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildOpenApiDocument } from '../src/api/openapi-document.ts'
import { problemsPage } from '../src/api/problems.ts'
import { configPage } from '../src/app/config-page.ts'
import { storeSettingsPage } from '../src/app/store-settings-page.ts'
import { cliPage } from '../src/cli/reference.ts'
import { metricsPage } from '../src/telemetry/metrics-page.ts'
import { describeCrc64Kernel } from './crc64-kernel.ts'
import { clientTypes } from './generate-client-types.ts'

const root = path.resolve(import.meta.dirname, '..')

/** Every file that is made from code, by its path in the repository. Tests compare them with the disk. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string }
  const document = await buildOpenApiDocument(manifest.version)
  return new Map([
    ['docs/reference/openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['docs/reference/cli.md', cliPage()],
    ['docs/reference/configuration.md', configPage()],
    ['docs/reference/store-settings.md', storeSettingsPage()],
    ['docs/reference/problems.md', problemsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['api-client/src/generated/api-types.ts', clientTypes(document)],
    ['src/domain/crc64-nvme-kernel.ts', await describeCrc64Kernel()],
  ])
}

async function writeAll(): Promise<void> {
  for (const [file, content] of await generatedFiles()) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), content)
    console.log(`wrote ${file}`)
  }
}

if (import.meta.main) await writeAll()
