import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kafkaClasspath } from '../../deploy/kafka/classpath.ts'
import { startCluster } from '../../deploy/kafka/cluster.ts'
import { brokerPlans } from '../../deploy/kafka/plan.ts'
import { SMALL_JAVA } from '../../deploy/kafka/process.ts'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/gatewatch/', import.meta.url))

/**
 * Lets every Java of this run take the broker's classes ready parsed from an
 * archive (class data sharing, JEP 350), which halves the processor time of a
 * start. The archive, 50 MB, is what one broker had loaded when it ended; it is
 * kept beside the node modules. Java looks at versions and jars by itself, and
 * goes without an archive that does not fit.
 */
export async function useClassArchive(javaVersion: string): Promise<void> {
  const key = createHash('sha256')
    .update(`${javaVersion}\n${await kafkaClasspath()}`)
    .digest('hex')
  const archive = join(CACHE, `kafka-${key.slice(0, 16)}.jsa`)
  if (!existsSync(archive)) await makeArchive(archive)
  const before = process.env['JAVA_TOOL_OPTIONS'] ?? ''
  process.env['JAVA_TOOL_OPTIONS'] = `${before} -XX:SharedArchiveFile=${archive}`.trim()
}

async function makeArchive(archive: string): Promise<void> {
  const mine = `${archive}.${process.pid}`
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-kafka-'))
  try {
    const java = [...SMALL_JAVA, `-XX:ArchiveClassesAtExit=${mine}`]
    const cluster = await startCluster(await brokerPlans(1, directory), java)
    await cluster.close()
    // Whole or not at all: another run may read it at this moment.
    await rename(mine, archive)
  } finally {
    await rm(mine, { force: true })
    await rm(directory, { recursive: true, force: true })
  }
}
