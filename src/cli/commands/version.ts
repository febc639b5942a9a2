import { VERSION } from '../../app/version.ts'
import type { Register } from '../command.ts'

/** `dim version` */
export const registerVersion: Register = (program, bind) => {
  const command = program.command('version').description('the version of dim, Node.js and this machine')
  bind(command, async ({ out }) => {
    const facts = {
      dim: VERSION,
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
  })
}
