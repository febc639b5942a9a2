import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/** Builds what is packed: the dashboard, the server as JavaScript, and the files that are read at run time. */
const root = path.resolve(import.meta.dirname, '..')
const run = (program: string, ...args: string[]) =>
  execFileSync(path.join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'inherit' })

rmSync(path.join(root, 'dist'), { recursive: true, force: true })
execFileSync('npm', ['run', 'build', '--workspaces', '--if-present'], { cwd: root, stdio: 'inherit' })
run('tsc', '--project', 'tsconfig.build.json')
for (const entry of readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(sql|json|ya?ml)$/.test(entry.name)) continue
  const source = path.join(entry.parentPath, entry.name)
  const target = path.join(root, 'dist', path.relative(path.join(root, 'src'), source))
  mkdirSync(path.dirname(target), { recursive: true })
  copyFileSync(source, target)
}
