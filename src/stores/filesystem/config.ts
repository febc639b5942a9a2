import { isAbsolute } from 'node:path'
import { z } from 'zod'

/** Settings of a filesystem store. */
export const filesystemSettings = z.strictObject({
  root: z
    .string()
    .refine(isAbsolute, 'must be an absolute path')
    .describe('The folder whose sub-folders are the containers. It is made when it is missing.'),
  durability: z
    .enum(['fsync', 'none'])
    .default('fsync')
    .describe(
      'Whether a write is on the disk before it is acknowledged (fsync), or may be lost with the power (none). Default: fsync.',
    ),
})
export type FilesystemSettings = z.output<typeof filesystemSettings>

/** A filesystem store needs no credentials: the process has the rights of its account. */
export const filesystemCredentials = z.null().optional()
