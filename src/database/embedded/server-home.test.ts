import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EmbeddedServerError } from './binaries.ts'
import { removeDatabaseElsewhere } from './embedded-server.ts'
import { findHomeElsewhere, prepareHome } from './server-home.ts'

/** Somebody whom root's folder is closed to. */
const account = { name: 'someone', uid: 65_534, gid: 65_534 }

// Only root runs the server as another account.
describe.skipIf(process.getuid?.() !== 0)('the home of a database that lies elsewhere', () => {
  let folder: string
  let dataFolder: string
  let base: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dim-home-'))
    dataFolder = path.join(folder, 'closed', 'data')
    base = path.join(folder, 'elsewhere')
    await mkdir(path.join(folder, 'closed'))
    await chmod(folder, 0o755)
    await chmod(path.join(folder, 'closed'), 0o700)
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const prepare = () => prepareHome(dataFolder, account, base)
  /** Begins an installation, as far as the home knows of it. */
  async function install(): Promise<string> {
    const home = await prepare()
    await mkdir(path.join(home, 'cluster'), { recursive: true })
    return home
  }
  const isThere = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    )

  it('is found again by the same data folder, also after that was moved', async () => {
    const home = await install()
    expect(path.dirname(home)).toBe(base)
    expect(await prepare()).toBe(home)
    expect(await findHomeElsewhere(dataFolder)).toBe(home)
    const moved = path.join(folder, 'closed', 'moved')
    await rename(dataFolder, moved)
    expect(await prepareHome(moved, account, base)).toBe(home)
  })

  it('is not taken by a new data folder of the same path, and the way out is told', async () => {
    const home = await install()
    await rm(dataFolder, { recursive: true })
    await expect(prepare()).rejects.toThrow(EmbeddedServerError)
    await expect(prepare()).rejects.toThrow(`lies in ${home} and is not taken: restore`)
    await removeDatabaseElsewhere(dataFolder)
    expect(await isThere(home)).toBe(true)
    await rm(home, { recursive: true })
    expect(await prepare()).toBe(home)
  })

  it('is not taken when another data folder made one in its place', async () => {
    const home = await install()
    const note = await readFile(path.join(dataFolder, 'postgres-at'), 'utf8')
    await rm(home, { recursive: true })
    await expect(prepare()).rejects.toThrow(`lay in ${home} and is gone`)
    await rm(dataFolder, { recursive: true })
    await install()
    await writeFile(path.join(dataFolder, 'postgres-at'), note)
    await expect(prepare()).rejects.toThrow("is another data folder's")
  })

  it('goes on after a start that was killed before the note was written', async () => {
    const home = await prepare()
    await rm(path.join(dataFolder, 'postgres-at'))
    expect(await prepare()).toBe(home)
  })

  it('that an earlier version made is known from its note', async () => {
    const home = await install()
    await rm(path.join(home, 'data-folder-id'))
    await rm(path.join(dataFolder, 'postgres-at'))
    await writeFile(
      path.join(dataFolder, 'postgres-is-elsewhere.txt'),
      `The account postgres cannot pass through /root, so the database lies in ${home}.\n`,
    )
    expect(await prepare()).toBe(home)
    expect(await findHomeElsewhere(dataFolder)).toBe(home)
  })

  it('is removed with its data folder, but not while its server runs', async () => {
    const home = await install()
    const pidFile = path.join(home, 'cluster', 'postmaster.pid')
    await writeFile(pidFile, `${process.pid}\n`)
    await expect(removeDatabaseElsewhere(dataFolder)).rejects.toThrow('is running')
    await rm(pidFile)
    await removeDatabaseElsewhere(dataFolder)
    expect(await isThere(home)).toBe(false)
  })

  it('is none where the data folder is open', async () => {
    await chmod(path.join(folder, 'closed'), 0o755)
    expect(await prepare()).toBe(path.join(dataFolder, 'postgres'))
    expect(await findHomeElsewhere(dataFolder)).toBeNull()
  })
})
