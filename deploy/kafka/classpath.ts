import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const POM = fileURLToPath(new URL('pom.xml', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/gatewatch/', import.meta.url))
/** A first resolution fetches some forty jars, 50 MB. */
const RESOLVE_MS = 240_000

/** Whether a program of this name is on the PATH. */
export function onPath(program: string): boolean {
  const directories = (process.env['PATH'] ?? '').split(delimiter)
  return directories.some((directory) => directory !== '' && existsSync(join(directory, program)))
}

/**
 * The Java class path of the pinned server. Maven is asked once; the answer is
 * kept beside the node modules under the hash of pom.xml, and used as long as
 * every jar in it exists. Throws with Maven's own words when it can't.
 */
export async function kafkaClasspath(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
  const kept = join(CACHE, `kafka-${hash.slice(0, 16)}.classpath`)
  const known = await readFile(kept, 'utf8').catch(() => '')
  if (known !== '' && known.split(delimiter).every((jar) => existsSync(jar))) return known

  await mkdir(CACHE, { recursive: true })
  const mine = `${kept}.${process.pid}`
  try {
    await maven(['-B', '-q', '-f', POM, 'dependency:build-classpath', `-Dmdep.outputFile=${mine}`])
    // Whole or not at all: another process may read it at this moment.
    await rename(mine, kept)
  } finally {
    await rm(mine, { force: true })
  }
  return readFile(kept, 'utf8')
}

async function maven(args: readonly string[]): Promise<void> {
  const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: RESOLVE_MS })
  let said = ''
  const keep = (chunk: Buffer): void => {
    if (said.length < 4096) said += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0)
    throw new Error(`Maven could not resolve the Kafka server: ${said.trim() || 'no answer in time'}`)
}
