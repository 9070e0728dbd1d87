import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'

const LOG4J = fileURLToPath(new URL('log4j2.properties', import.meta.url))
const STARTED = 'Kafka Server started'
const START_MS = 180_000
const STOP_MS = 30_000

/** A small heap and the quick compiler alone: starts in three seconds, and is enough for tests. */
export const SMALL_JAVA = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] as const

/**
 * Starts Java in place of a shell whose twin waits on our pipe: when this
 * process dies without a word, the pipe ends and the broker is killed with it.
 * A line on the pipe tells the twin that Java has gone by itself.
 */
const GUARDED = 'exec 3<&0; (read -r _ <&3 || kill -9 $$) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'

export interface BrokerProcess {
  readonly pid: number
  readonly exited: Promise<void>
  /** An orderly end; killed when that takes more than 15 s. */
  stop(): Promise<void>
  /** `kill -9`, and resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts the broker of `directory` (with `server.properties` and formatted data) and waits until it serves. */
export async function startBroker(
  directory: string,
  classpath: string,
  java: readonly string[] = SMALL_JAVA,
): Promise<BrokerProcess> {
  const log = await open(join(directory, 'broker.log'), 'a')
  const from = (await log.stat()).size
  const args = [
    ...java,
    `-Dlog4j2.configurationFile=${LOG4J}`,
    '-cp',
    classpath,
    'kafka.Kafka',
    join(directory, 'server.properties'),
  ]
  const child = spawn('sh', ['-c', GUARDED, 'sh', 'java', ...args], {
    stdio: ['pipe', log.fd, log.fd],
  })
  await log.close()
  let gone = false
  const exited = new Promise<void>((resolve) => {
    const ended = (): void => {
      gone = true
      child.stdin?.on('error', () => {}).end('gone\n')
      resolve()
    }
    child.once('exit', ended)
    child.once('error', ended)
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!gone) child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await exited
    clearTimeout(late)
  }
  const said = async (): Promise<string> =>
    (await readFile(join(directory, 'broker.log'))).subarray(from).toString()

  for (const deadline = Date.now() + START_MS; !(await said()).includes(STARTED); await pause(50)) {
    if (!gone && Date.now() < deadline) continue
    await end('SIGKILL')
    throw new Error(`The Kafka broker of ${directory} did not start: ${(await said()).slice(-2000)}`)
  }
  return { pid: child.pid ?? 0, exited, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/** Writes the identity of a cluster, and its SCRAM users, into the broker's empty data directory. */
export async function formatBroker(
  directory: string,
  classpath: string,
  clusterId: string,
  users: readonly { readonly username: string; readonly password: string }[] = [],
): Promise<void> {
  const scram = users.flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  )
  const tool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId]
  const java = [
    '-Xmx128m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${LOG4J}`,
  ]
  const args = [...java, '-cp', classpath, ...tool, '-c', join(directory, 'server.properties'), ...scram]
  const child = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: START_MS })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 4096) said += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`The Kafka broker of ${directory} could not be formatted: ${said.trim()}`)
}
