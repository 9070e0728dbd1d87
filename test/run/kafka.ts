import { spawnSync } from 'node:child_process'
import { kafkaClasspath, onPath } from '../../deploy/kafka/classpath.ts'
import { useClassArchive } from './class-archive.ts'

/**
 * Fetches the Kafka server before any suite starts, since two workers would ask
 * Maven at once. What stands in the way is told to the suites by a variable:
 * they skip with it, and fail with CI=true (test/support/kafka/kafka-broker.ts).
 */
export async function bringKafka(): Promise<void> {
  if (process.env['KAFKA_BROKERS']) return
  const java = javaVersion()
  const trouble = javaTrouble(java) ?? (await classpathTrouble())
  if (trouble === null) {
    await useClassArchive(java).catch((error: unknown) => {
      console.log(`Brokers start without an archive of their classes: ${String(error).slice(0, 500)}`)
    })
    return
  }
  process.env['GATEWATCH_TEST_NO_KAFKA'] = trouble
  console.log(`Tests that need Kafka will ${process.env['CI'] === 'true' ? 'fail' : 'skip'}: ${trouble}`)
}

/** What Java says of itself; nothing where there is none. */
function javaVersion(): string {
  return spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 30_000 }).stderr ?? ''
}

function javaTrouble(version: string): string | null {
  const missing = ['java', 'mvn'].filter((program) => !onPath(program))
  if (missing.length > 0) return `${missing.join(' and ')} not found; install Java 17 and Maven`
  const major = Number(/version "(\d+)/.exec(version)?.[1])
  return major >= 17 ? null : `Java 17 or newer is needed, and java is ${major || 'of an unknown version'}`
}

async function classpathTrouble(): Promise<string | null> {
  try {
    await kafkaClasspath()
    return null
  } catch (error) {
    return String(error).slice(0, 500)
  }
}
