import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

it('the import rules see a planted violation, so a green check means something', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-boundaries-'))
  await cp(path.join(root, 'src/domain'), path.join(folder, 'src/domain'), { recursive: true })
  await cp(path.join(root, 'src/heat'), path.join(folder, 'src/heat'), { recursive: true })
  await cp(path.join(root, 'tsconfig.json'), path.join(folder, 'tsconfig.json'))
  await writeFile(
    path.join(folder, 'src/domain/planted.ts'),
    `import * as planted from '../heat/planted.ts'\nexport const x = planted\n`,
  )
  await writeFile(
    path.join(folder, 'src/heat/planted.ts'),
    `import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n`,
  )
  const checked = run(
    path.join(root, 'node_modules/.bin/depcruise'),
    ['--config', path.join(root, '.dependency-cruiser.mjs'), 'src'],
    { cwd: folder },
  )
  await expect(checked).rejects.toMatchObject({
    stdout: expect.stringMatching(
      /decisions-have-no-effects[\s\S]*domain-imports-nothing|domain-imports-nothing[\s\S]*decisions-have-no-effects/,
    ),
  })
  await rm(folder, { recursive: true })
})
