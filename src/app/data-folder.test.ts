import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataFolderError, makeDataFolder } from './data-folder.ts'

describe('the data folder', () => {
  let base: string
  beforeAll(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'dim-folder-'))
  })
  afterAll(() => rm(base, { recursive: true }))

  it('is made with the folders above it, for its owner only, and found again', async () => {
    const folder = path.join(base, 'a/b/c')
    await makeDataFolder(folder)
    await makeDataFolder(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it('is refused below a file, naming the file', async () => {
    await writeFile(path.join(base, 'file'), '')
    await expect(makeDataFolder(path.join(base, 'file/data'))).rejects.toThrow(/file is a file/)
  })

  it.skipIf(process.platform !== 'linux')(
    'is refused where the system makes no folders, at once',
    async () => {
      await expect(makeDataFolder('/proc/nope/data')).rejects.toThrow(DataFolderError)
    },
  )
})
