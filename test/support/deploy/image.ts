import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ROOT } from './files.ts'

/** Who the process in a container is, where the test may become somebody else who can read the tree. */
export const CONTAINER_USER = mayBecomeAnother() ? { uid: 1000, gid: 1000 } : {}

function mayBecomeAnother(): boolean {
  if (process.getuid?.() !== 0) return false
  const { status } = spawnSync(process.execPath, ['-e', "require('fs').readFileSync('package.json')"], {
    cwd: ROOT,
    uid: 1000,
    gid: 1000,
    env: {},
  })
  return status === 0
}

export interface ImageFiles {
  /** What is /app in the image; whoever runs there may not write to it. */
  readonly app: string
  /** What is /var/lib/gatewatch. */
  readonly data: string
  readonly remove: string
}

/**
 * Lays out the files of the image's default target as its Dockerfile does: what
 * it copies less what .dockerignore holds back, and the dependencies less the
 * packages it removes and those of development. No container, but the same
 * files under another user.
 */
export function layOutImage(): ImageFiles {
  const dockerfile = readFileSync(join(ROOT, 'deploy/image/Dockerfile'), 'utf8')
  const remove = mkdtempSync(join(tmpdir(), 'gatewatch-image-'))
  const app = join(remove, 'app')
  const data = join(remove, 'data')
  mkdirSync(join(app, 'node_modules'), { recursive: true })
  mkdirSync(data, { mode: 0o700 })
  chmodSync(remove, 0o755)
  const { uid, gid } = CONTAINER_USER
  if (uid !== undefined && gid !== undefined) chownSync(data, uid, gid)
  // The last line that fits decides: what is named again after the rule against it is let in.
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
  const letIn = new Set(
    [...ignored.slice(ignored.indexOf('**/*.md')).matchAll(/^!(.+)$/gm)].map(([, path]) => path),
  )
  for (const [, paths = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
    for (const path of paths.split(/\s+/))
      cpSync(join(ROOT, path), join(app, path), {
        recursive: true,
        filter: (file) => letIn.has(relative(ROOT, file)) || !/(\.md|\/pictures)$/.test(file),
      })

  const removed = dockerfile.match(/node_modules\/[@\w*-]+/g) ?? []
  const gone = removed.map(
    (path) => new RegExp(`^${path.slice('node_modules/'.length).replaceAll('*', '.*')}$`),
  )
  const lock: unknown = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter((entry) => !entry.startsWith('.'))) {
    if (gone.some((pattern) => pattern.test(name)) || isForDevelopment(lock, name)) continue
    symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name))
  }
  return { app, data, remove }
}

/** Whether the lock file marks a package, or every one of a scope, as one that only development needs. */
function isForDevelopment(lock: unknown, name: string): boolean {
  const { packages } = lock as { packages: Record<string, { dev?: boolean }> }
  const mine = Object.entries(packages).filter(([path]) =>
    name.startsWith('@') ? path.startsWith(`node_modules/${name}/`) : path === `node_modules/${name}`,
  )
  return mine.length > 0 && mine.every(([, { dev }]) => dev === true)
}
