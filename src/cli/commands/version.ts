import { readFileSync } from 'node:fs'
import type { Register } from '../command.ts'

/** The version of this release, from package.json. */
export function releaseVersion(): string {
  // The same number of folders up from src/cli/commands and from dist/cli/commands.
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** `dim version` */
export const registerVersion: Register = (program, bind) => {
  bind(
    program.command('version').description('the version of dim, Node.js and this machine'),
    async ({ out }) => {
      const facts = {
        dim: releaseVersion(),
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      }
      out.one(facts, {
        name: found => found.dim,
        columns: [
          { header: 'DIM', value: found => found.dim },
          { header: 'NODE', value: found => found.node },
          { header: 'PLATFORM', value: found => found.platform },
        ],
      })
    },
  )
}
