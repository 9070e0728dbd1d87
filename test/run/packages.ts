import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Programs that tests drive and npm does not carry: path of the program, Debian package. */
const wanted = [
  { path: '/usr/bin/chromium', debianPackage: 'chromium' },
  { path: '/usr/bin/prometheus-alertmanager', debianPackage: 'prometheus-alertmanager' },
  { path: '/usr/bin/prometheus', debianPackage: 'prometheus' },
  { path: '/usr/bin/java', debianPackage: 'default-jre-headless' },
  { path: '/usr/bin/mvn', debianPackage: 'maven' },
]

/**
 * Installs what is missing where that is possible: as root on a Debian system.
 * Elsewhere the tests that need a missing program skip and say so; with
 * `CI=true` they fail.
 */
export function bringSystemPackages(): void {
  const missing = wanted.filter(({ path }) => !existsSync(path))
  if (missing.length === 0) return
  const names = missing.map(({ debianPackage }) => debianPackage)
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(
      `Tests that need ${names.join(' and ')} will skip: install them with your package manager to run all.`,
    )
    return
  }
  console.log(`Installing ${names.join(' and ')} with apt-get …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', ...names]
  for (const args of [['update'], install]) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' })
    if (status !== 0) console.log(`apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`)
  }
}
