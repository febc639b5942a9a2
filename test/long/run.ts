import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { LongTest } from './long-test.ts'

/**
 * `npm run test:long -- NAME [--seed S] [--anew]` runs `test/long/NAME.ts` piece by piece and writes
 * `test/long/reports/NAME.json`, with the revision it was made from. Interrupted, it goes on with the first
 * piece that is not done when it is called again.
 */
const NOT_TESTS = ['run', 'long-test']
const ROOT = path.resolve(import.meta.dirname, '../..')

interface Progress {
  readonly revision: string
  readonly seed: string
  readonly startedAt: string
  readonly results: Record<string, unknown>
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: 'data-in-motion' },
      anew: { type: 'boolean', default: false },
    },
  })
  const names = readdirSync(import.meta.dirname)
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -'.ts'.length))
    .filter(name => !NOT_TESTS.includes(name))
  const chosen = positionals.length === 0 ? names : positionals
  const unknown = chosen.filter(name => !names.includes(name))
  if (unknown.length > 0) {
    process.stderr.write(`there is no long test ${unknown.join(', ')}; there are: ${names.join(', ')}\n`)
    return 2
  }
  let hasFailed = false
  for (const name of chosen) hasFailed = !(await runTest(name, values)) || hasFailed
  return hasFailed ? 1 : 0
}

async function runTest(name: string, options: { seed: string; anew: boolean }): Promise<boolean> {
  const { test } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as { test: LongTest }
  const folder = path.join(tmpdir(), `dim-long-${name}`)
  const progressFile = path.join(folder, 'progress.json')
  const progress = readProgress(progressFile, options)
  if (Object.keys(progress.results).length === 0) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // The account of the embedded database must be able to pass through.
  chmodSync(folder, 0o755)
  const say = (line: string) => process.stderr.write(`${name}: ${line}\n`)
  for (const piece of test.pieces) {
    if (piece in progress.results) continue
    say(piece)
    progress.results[piece] = await test.runPiece(piece, { say, folder, seed: options.seed })
    say(JSON.stringify(progress.results[piece]))
    writeFileSync(progressFile, JSON.stringify(progress))
  }
  const { passed, summary } = test.conclude(test.pieces.map(piece => progress.results[piece]))
  writeReport(name, { test: name, passed, ...summary, ...progress })
  rmSync(folder, { recursive: true, force: true })
  say(`${passed ? 'passed' : 'FAILED'}: ${JSON.stringify(summary)}`)
  return passed
}

function readProgress(file: string, options: { seed: string; anew: boolean }): Progress {
  const revision = revisionOf()
  if (!options.anew && existsSync(file)) {
    const former = JSON.parse(readFileSync(file, 'utf8')) as Progress
    if (former.revision === revision && former.seed === options.seed) return former
  }
  return { revision, seed: options.seed, startedAt: new Date().toISOString(), results: {} }
}

/** The commit, marked when the program or its tests differ from it. */
function revisionOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const hasChanges =
    git('status', '--porcelain', '--', 'src', 'bin', 'package.json', 'test', ':!test/long/reports') !== ''
  return `${git('rev-parse', 'HEAD')}${hasChanges ? '+changes' : ''}`
}

function writeReport(name: string, report: object): void {
  const folder = path.join(import.meta.dirname, 'reports')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
}

process.exitCode = await main()
