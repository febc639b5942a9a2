import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The processes under these, with them, as they are now. */
export async function processTree(roots: readonly number[]): Promise<number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid='])
  const parents = stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
  const tree = new Set(roots)
  for (let before = -1; before < tree.size; ) {
    before = tree.size
    for (const [pid, parent] of parents) if (tree.has(parent!)) tree.add(pid!)
  }
  return [...tree].filter(isAlive)
}

/** The postmaster of a data folder's embedded database, or null when none runs. */
export async function findPostmaster(dataFolder: string): Promise<number | null> {
  const [elsewhere = ''] = (await readText(path.join(dataFolder, 'postgres-at'))).split('\n')
  const home = elsewhere === '' ? path.join(dataFolder, 'postgres') : elsewhere
  const pid = Number((await readText(path.join(home, 'cluster', 'postmaster.pid'))).split('\n')[0])
  return pid > 0 && isAlive(pid) ? pid : null
}

/**
 * SIGKILL for a process, everything under it and the database of its data folder. They are halted first, so
 * that none sees another die and acts on it, and none is born meanwhile.
 */
export async function killTree(options: { pid: number; dataFolder: string }): Promise<number[]> {
  const roots = [options.pid, await findPostmaster(options.dataFolder)].filter(pid => pid !== null)
  for (const pid of await processTree(roots)) signal(pid, 'SIGSTOP')
  const pids = await processTree(roots)
  for (const pid of pids) signal(pid, 'SIGKILL')
  return pids
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

/** Command lines of the processes that name a folder: whoever works on a data folder does. */
export async function processesNaming(folder: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-e', '-ww', '-o', 'args='])
  return stdout.split('\n').filter(line => line.includes(folder))
}
