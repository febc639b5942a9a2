import { existsSync } from 'node:fs'
import path from 'node:path'

/** The built dashboard beside the sources or the build, or null when it was not built. */
export function findDashboard(): string | null {
  const folder = path.resolve(import.meta.dirname, '../../dashboard/dist')
  return existsSync(path.join(folder, 'index.html')) ? folder : null
}
