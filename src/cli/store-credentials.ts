import type { Command } from 'commander'
import { repeated } from './command.ts'
import { readSecret } from './documents.ts'
import { CliError, EXIT } from './exit-codes.ts'

/** Credentials of a store as a command line has them: secrets only as the names of files. */
export interface CredentialOptions {
  accessKeyId?: string
  secretAccessKeyFile?: string
  credential?: string[]
}

/** Adds the options with which a command takes credentials of a store. */
export function withCredentialOptions(command: Command): Command {
  return command
    .option('--access-key-id <id>', 'access key of an S3 store')
    .option('--secret-access-key-file <file>', 'file with its secret; "-" reads standard input')
    .option(
      '--credential <name=file>',
      'a secret of another kind, from a file; "-" reads standard input: accountKey, sasToken or connectionString of Azure, serviceAccountKey of Google; clientEncryptionKey seals what we write there, and formerClientEncryptionKey holds all keys before it',
      repeated,
    )
}

/** The credentials given, or null. Throws with exit code 2 for what cannot be read as one. */
export async function credentialsOf(options: CredentialOptions): Promise<Record<string, string> | null> {
  const given: Record<string, string> = {}
  if (options.accessKeyId !== undefined) given.accessKeyId = options.accessKeyId
  if (options.secretAccessKeyFile !== undefined) {
    given.secretAccessKey = await readSecret(options.secretAccessKeyFile)
  }
  for (const assignment of options.credential ?? []) {
    const [, name, file] = /^([A-Za-z]+)=(.+)$/.exec(assignment) ?? []
    if (name === undefined || file === undefined) {
      throw new CliError(EXIT.usage, '--credential takes name=file, and the secret stands in the file')
    }
    if (given[name] !== undefined) throw new CliError(EXIT.usage, `${name} is given twice: give it once`)
    given[name] = await readSecret(file)
  }
  return Object.keys(given).length === 0 ? null : given
}
