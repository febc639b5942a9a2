import { readFileSync } from 'node:fs'

/** The version of this release, from package.json, which lies above both the sources and the build. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version
