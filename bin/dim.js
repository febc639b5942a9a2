#!/usr/bin/env -S node --max-semi-space-size=16 --heap-growing-percent=100
// The flags: Node would rather take hundreds of MiB of memory than look for what nobody needs any more.
// Plain JavaScript that old versions of Node can parse, so that they get a clear answer.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `dim needs Node.js 24 or newer, this is ${process.version}.\n` +
      'Install it from https://nodejs.org, or run dim inside the project with "npx dim".\n',
  )
  process.exit(1)
}
const { existsSync } = await import('node:fs')
const source = new URL('../src/cli/main.ts', import.meta.url)
const built = new URL('../dist/cli/main.js', import.meta.url)
const { main } = await import((existsSync(source) ? source : built).href)
await main(process.argv.slice(2))
