import { readdir } from 'node:fs/promises'
import type { Benchmark } from './benchmark.ts'

/**
 * `npm run bench -- NAME` measures `bench/NAME.ts`. The last line of standard output is
 * `{"bench": NAME, "results": [...]}`; everything else goes to standard error.
 */
const NOT_BENCHMARKS = ['run', 'benchmark']

async function main(): Promise<number> {
  const names = (await readdir(import.meta.dirname))
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .filter(name => !NOT_BENCHMARKS.includes(name))
  const name = process.argv[2]
  if (name === undefined || !names.includes(name)) {
    process.stderr.write(`usage: npm run bench -- NAME, where NAME is one of: ${names.join(', ')}\n`)
    return 2
  }
  const { benchmark } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as {
    benchmark: Benchmark
  }
  const results = await benchmark({ say: line => process.stderr.write(`${line}\n`) })
  process.stdout.write(`${JSON.stringify({ bench: name, results })}\n`)
  return 0
}

process.exitCode = await main()
