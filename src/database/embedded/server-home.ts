import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { EmbeddedServerError, findClosedParent, type ServerAccount } from './binaries.ts'
import { writeOnce } from './write-once.ts'

/** Where root's clusters and programs go when its own folders are closed to the server's account. */
export const OPEN_BASE = '/var/lib/data-in-motion'

/** In the data folder: the path of a home that lies elsewhere, the id of both, and why, in lines. */
const NOTE = 'postgres-at'
/** In a home that lies elsewhere: the id that its data folder's note has too. */
const ID = 'data-folder-id'
/** Anybody may read where a database lies. */
const FOR_ALL = 0o644
/** What earlier versions left in place of the note: no id, one sentence. */
const OLD_NOTE = 'postgres-is-elsewhere.txt'
const OLD_SENTENCE = /lies in (.+)\.\n$/

/** A home outside of its data folder. */
interface Elsewhere {
  readonly home: string
  readonly id: string
}

/**
 * Makes or finds the folder for cluster, log and password: inside the data folder unless the account cannot
 * get there. One that lies elsewhere is used only when it and the data folder have the same id. Throws an
 * EmbeddedServerError when the database there was another data folder's, or is gone.
 */
export async function prepareHome(
  dataFolder: string,
  account: ServerAccount | null,
  base: string = OPEN_BASE,
): Promise<string> {
  await mkdir(dataFolder, { recursive: true })
  const inside = path.join(dataFolder, 'postgres')
  const closed = account === null ? null : await findClosedParent(inside, account)
  const noted = (await readNote(dataFolder)) ?? (await adoptOldNote(dataFolder))
  if (noted !== null) await expectSameId(dataFolder, noted)
  const home =
    noted?.home ?? (closed === null ? inside : await claimHome(dataFolder, { base, account, closed }))
  await mkdir(home, { recursive: true })
  await chmod(home, 0o700)
  if (account !== null) await chown(home, account.uid, account.gid)
  return home
}

/**
 * The folder of a data folder's database when it lies elsewhere and is this data folder's, else null: it goes
 * when the data folder goes.
 */
export async function findHomeElsewhere(dataFolder: string): Promise<string | null> {
  const noted = await readNote(dataFolder)
  return noted !== null && (await readId(noted.home)) === noted.id ? noted.home : null
}

/**
 * The id is there before the note, and the note before the cluster: a start that was killed between them goes
 * on, and of two that begin at once the later one takes what the earlier one made.
 */
async function claimHome(
  dataFolder: string,
  options: { base: string; account: ServerAccount | null; closed: string },
): Promise<string> {
  const digest = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)
  const home = path.join(options.base, `postgres-${digest}`)
  if (await hasCluster(home)) {
    const now = await readNote(dataFolder)
    if (now !== null && now.id === (await readId(home))) return now.home
    throw new EmbeddedServerError(
      `a database of a former data folder at ${dataFolder} lies in ${home} and is not taken: restore that data folder with its keys, or remove ${home} if nobody needs it, or name another folder with DIM_DATA_DIR`,
    )
  }
  await mkdir(home, { recursive: true })
  await chmod(options.base, 0o755)
  const id = await writeOnce(path.join(home, ID), randomBytes(16).toString('hex'), FOR_ALL)
  const why = `The account ${options.account?.name} cannot pass through ${options.closed}, so the database of this data folder lies there.`
  await writeOnce(path.join(dataFolder, NOTE), `${home}\n${id.trim()}\n\n${why}\n`, FOR_ALL)
  return home
}

async function expectSameId(dataFolder: string, { home, id }: Elsewhere): Promise<void> {
  const found = await readId(home)
  if (found === id) return
  const note = path.join(dataFolder, NOTE)
  throw new EmbeddedServerError(
    found === null && !(await hasCluster(home))
      ? `the database of ${dataFolder} lay in ${home} and is gone: restore that folder, or remove ${note} to begin with an empty database`
      : `the database in ${home} is another data folder's, not that of ${dataFolder}: restore the one that lay there, or name another folder with DIM_DATA_DIR`,
  )
}

async function readNote(dataFolder: string): Promise<Elsewhere | null> {
  const [home, id] = ((await readText(path.join(dataFolder, NOTE))) ?? '').split('\n')
  return home === undefined || id === undefined || id === '' ? null : { home, id }
}

/** Gives a home that an earlier version made elsewhere an id, so that from now on it is known by it. */
async function adoptOldNote(dataFolder: string): Promise<Elsewhere | null> {
  const sentence = await readText(path.join(dataFolder, OLD_NOTE))
  const home = OLD_SENTENCE.exec(sentence ?? '')?.[1]
  if (home === undefined || !(await hasCluster(home)) || (await readId(home)) !== null) return null
  const id = await writeOnce(path.join(home, ID), randomBytes(16).toString('hex'), FOR_ALL)
  await writeOnce(path.join(dataFolder, NOTE), `${home}\n${id}\n\n${sentence}`, FOR_ALL)
  await rm(path.join(dataFolder, OLD_NOTE), { force: true })
  return readNote(dataFolder)
}

async function readId(home: string): Promise<string | null> {
  return (await readText(path.join(home, ID)))?.trim() ?? null
}

function hasCluster(home: string): Promise<boolean> {
  return stat(path.join(home, 'cluster')).then(
    () => true,
    () => false,
  )
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
