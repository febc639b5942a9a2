import { randomBytes } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { writeOnce } from '../../database/embedded/write-once.ts'
import type { SealingKey } from './secret-box.ts'

/** The key file cannot be used; the message says what to do. */
class KeyFileError extends Error {
  override readonly name = 'KeyFileError'
}

/** The name of the key file in the data folder. */
export const KEY_FILE_NAME = 'sealing-keys'

const LINE = /^([0-9a-f]{16}) ([0-9a-f]{64})$/
const KEYS_MAX = 100
const FOR_OTHERS = 0o077

/**
 * Reads the sealing keys from the data folder; makes the file with one random key where there is none and
 * nothing is sealed yet. Any number of processes may start at once: they end up with the same key.
 *
 * The file has one key a line, `<id> <key>` in hexadecimal, the newest first; only its owner may read it.
 * Throws a KeyFileError when it is missing though something is sealed, is readable to others or has a line that
 * is not a key. Losing it loses the
 * stores' credentials and the access keys' secrets, and nothing else.
 */
export async function loadSealingKeys(
  dataFolder: string,
  isAnythingSealed: () => Promise<boolean>,
): Promise<[SealingKey, ...SealingKey[]]> {
  const file = path.join(dataFolder, KEY_FILE_NAME)
  const text = (await readKeyFile(file)) ?? (await createFirst(dataFolder, file, isAnythingSealed))
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length > KEYS_MAX) throw new KeyFileError(`${file} has more than ${KEYS_MAX} keys`)
  const [first, ...rest] = lines.map((line, index) => {
    const [, id, key] = LINE.exec(line.trim()) ?? []
    if (id === undefined || key === undefined)
      throw new KeyFileError(`line ${index + 1} of ${file} is not a key: restore the file from a backup`)
    return { id: Buffer.from(id, 'hex'), key: Buffer.from(key, 'hex') }
  })
  if (first === undefined) throw new KeyFileError(`${file} is empty: restore it from a backup`)
  return [first, ...rest]
}

async function readKeyFile(file: string): Promise<string | null> {
  try {
    const { mode } = await stat(file)
    if (process.platform !== 'win32' && (mode & FOR_OTHERS) !== 0)
      throw new KeyFileError(`${file} can be read by others than its owner: run chmod 600 ${file}`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function createFirst(
  dataFolder: string,
  file: string,
  isAnythingSealed: () => Promise<boolean>,
): Promise<string> {
  if (await isAnythingSealed())
    throw new KeyFileError(
      `${file} is missing, and the database has secrets that only its keys open: restore the file. If it is lost for good, write a new one (one line: 16 hexadecimal digits, a space, 64 random ones; chmod 600), then give stores and access keys new secrets`,
    )
  return createKeyFile(dataFolder, file)
}

/** Makes the file with one random key, unless another process does. */
async function createKeyFile(dataFolder: string, file: string): Promise<string> {
  await mkdir(dataFolder, { recursive: true })
  const line = `${randomBytes(8).toString('hex')} ${randomBytes(32).toString('hex')}\n`
  return writeOnce(file, line, 0o600)
}
