import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

/** What a running server leaves in its data folder (mode 0600), so that commands beside it find it. */
const serverFileSchema = z.object({
  apiUrl: z.url(),
  gatewayUrl: z.url(),
  pid: z.int().positive(),
})
type ServerFile = z.infer<typeof serverFileSchema>

/** A server of a local data folder, with the token it made for this machine's user. */
export interface LocalServer extends ServerFile {
  readonly dataFolder: string
  readonly token: string | null
}

const SERVER_FILE = 'server.json'
const TOKEN_FILE = 'cli-token'

/** The first of these folders in which a server that still runs left its address, or null. */
export function findLocalServer(dataFolders: readonly string[]): LocalServer | null {
  for (const folder of dataFolders) {
    const text = readText(path.join(folder, SERVER_FILE))
    if (text === null) continue
    const parsed = serverFileSchema.safeParse(parseJson(text))
    if (parsed.success && processExists(parsed.data.pid))
      return {
        ...parsed.data,
        dataFolder: folder,
        token: readText(path.join(folder, TOKEN_FILE))?.trim() ?? null,
      }
  }
  return null
}

/** The file's text, or null when it is not there or not ours to read. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return null
    throw error
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A server that is just starting may have written half of it.
    return null
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
