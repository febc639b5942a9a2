import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Builds the dashboard unless the build is newer than everything it is made from. */
const dashboard = path.resolve(import.meta.dirname, '../dashboard')
const built = statSync(path.join(dashboard, 'dist/index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
const sources = ['src', 'index.html', 'vite.config.ts', 'package.json'].map(name =>
  path.join(dashboard, name),
)

if (sources.some(source => newestIn(source) > built)) {
  console.error('building the dashboard (once)')
  execFileSync('npm', ['run', 'build', '--silent', '-w', 'dashboard'], {
    cwd: path.dirname(dashboard),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function newestIn(file: string): number {
  const facts = statSync(file)
  if (!facts.isDirectory()) return facts.mtimeMs
  return Math.max(facts.mtimeMs, ...readdirSync(file).map(name => newestIn(path.join(file, name))))
}
