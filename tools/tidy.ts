import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** Checks what a formatter cannot: the tree in ARCHITECTURE.md matches the disk, links lead somewhere, each dependency is explained, no cupboards, no leftovers. */
const root = path.resolve(import.meta.dirname, '..')
const problems: string[] = []

const CUPBOARDS = new Set(['utils', 'util', 'helpers', 'common', 'lib', 'misc', 'services', 'shared'])
const LEFTOVERS = /\b(TODO|FIXME|XXX|HACK)\b/
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z-]+)*\.(ts|sql|json|yaml)$|^(README|SPEC)\.md$/

function walk(folder: string, visit: (file: string) => void): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name)
    if (entry.isDirectory()) {
      if (CUPBOARDS.has(entry.name))
        problems.push(`${path.relative(root, full)}: a folder is named after its purpose`)
      walk(full, visit)
    } else visit(full)
  }
}

function checkTree(): void {
  const text = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8')
  const named = [...text.matchAll(/^[├└]─ ([a-z-]+)\//gm)].map(match => match[1]!)
  const onDisk = readdirSync(path.join(root, 'src')).filter(name =>
    statSync(path.join(root, 'src', name)).isDirectory(),
  )
  for (const name of named)
    if (!onDisk.includes(name)) problems.push(`ARCHITECTURE.md names src/${name}/, which is not there`)
  for (const name of onDisk)
    if (!named.includes(name)) problems.push(`ARCHITECTURE.md does not name src/${name}/`)
}

function checkFiles(): void {
  walk(path.join(root, 'src'), file => {
    const relative = path.relative(root, file)
    if (!FILE_NAME.test(path.basename(file))) problems.push(`${relative}: files are kebab-case`)
    const text = readFileSync(file, 'utf8')
    if (LEFTOVERS.test(text)) problems.push(`${relative}: holds a leftover marker`)
    if (/\.only\(/.test(text)) problems.push(`${relative}: runs only one test`)
    const isTest = relative.endsWith('.test.ts') || relative.includes('/contract/')
    if (!isTest && /\bprocess\.env\b/.test(text) && relative !== path.join('src', 'app', 'environment.ts'))
      problems.push(`${relative}: only src/app/environment.ts reads the environment`)
    if (/\bAbortSignal\.any\(/.test(text) && relative !== path.join('src', 'domain', 'join-signals.ts'))
      problems.push(`${relative}: only src/domain/join-signals.ts calls AbortSignal.any, for Node's leak`)
    if (
      !isTest &&
      relative.endsWith('.ts') &&
      !relative.startsWith(path.join('src', 'database')) &&
      /\b(select|insert into|update|delete from) [a-z_*]+[^'"`]*\b(from|values|set|where)\b/.test(
        stripComments(text),
      )
    )
      problems.push(`${relative}: SQL belongs in src/database/`)
  })
}

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

/**
 * An npm that finds no package of another platform leaves it out of the lock file, and then `npm ci` refuses
 * the lock file everywhere.
 */
function checkLockFile(): void {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>
  }
  const installed = new Set(Object.keys(lock.packages).map(place => place.replace(/^.*node_modules\//, '')))
  for (const [place, entry] of Object.entries(lock.packages)) {
    for (const name of Object.keys(entry.optionalDependencies ?? {}))
      if (!installed.has(name)) problems.push(`package-lock.json lacks ${name}, which ${place} may want`)
    if (entry.resolved?.startsWith('http')) problems.push(`package-lock.json binds ${place} to one registry`)
  }
}

/** Every package that somebody asked for has a sentence on why, and none that nobody asks for any more. */
function checkDependencies(): void {
  const page = path.join('docs', 'dependencies.md')
  const named = new Set(
    [...readFileSync(path.join(root, page), 'utf8').matchAll(/`(@?[a-z][a-z0-9./-]*)`/g)].map(
      match => match[1]!,
    ),
  )
  const wanted = ['.', 'dashboard', 'api-client'].flatMap(folder => {
    const file = path.join(root, folder, 'package.json')
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      Record<string, string>
    >
    return Object.keys({ ...dependencies, ...devDependencies })
  })
  for (const name of wanted) if (!named.has(name)) problems.push(`${page} does not say why ${name} is there`)
  for (const name of named)
    if (!wanted.includes(name)) problems.push(`${page} names ${name}, which no package.json asks for`)
}

const PAGES = ['README.md', 'ARCHITECTURE.md', 'GLOSSARY.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

/** Every link and image of a page that names a file names one that is there. */
function checkLinks(): void {
  const pages = PAGES.map(name => path.join(root, name))
  walk(path.join(root, 'docs'), file => file.endsWith('.md') && pages.push(file))
  for (const page of pages) {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
    for (const [, target] of text.matchAll(/\]\(<?([^)\s>#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const file = path.resolve(path.dirname(page), decodeURIComponent(target!))
      if (!existsSync(file))
        problems.push(`${path.relative(root, page)}: links to ${target}, which is not there`)
    }
  }
}

checkTree()
checkFiles()
checkLockFile()
checkDependencies()
checkLinks()
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exitCode = 1
}
