import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { z } from 'zod'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { eventually } from './eventually.ts'

const BINARIES = ['/usr/bin/prometheus', '/usr/bin/promtool']

/** Whether Debian's package is there. With CI=true its absence is a failure, not a skip. */
export function hasPrometheus(): boolean {
  const missing = BINARIES.filter((path) => !existsSync(path))
  if (missing.length === 0) return true
  if (process.env['CI'] === 'true') throw new Error(`${missing[0]} is missing: apt-get install prometheus`)
  process.stderr.write(`SKIPPED: ${missing[0]} is missing (apt-get install prometheus)\n`)
  return false
}

const Answer = z.object({ status: z.literal('success'), data: z.unknown() })

export interface PrometheusProcess {
  readonly url: string
  /** `data` of an answer of its HTTP API, `/api/v1/…`; throws what it says when it is no success. */
  ask(path: string): Promise<unknown>
  stop(): Promise<void>
}

/**
 * A real Prometheus with this configuration and these rules.
 *
 * @param past what it is to know of the time before, as OpenMetrics text with timestamps
 */
export async function startPrometheus(
  config: unknown,
  rules: unknown,
  past?: string,
): Promise<PrometheusProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-prometheus-'))
  await writeFile(join(directory, 'prometheus.yaml'), stringify(config))
  await writeFile(join(directory, 'rules.yaml'), stringify(rules))
  if (past !== undefined) {
    const file = join(directory, 'past.txt')
    await writeFile(file, past)
    const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', file, join(directory, 'data')]
    await promisify(execFile)('/usr/bin/promtool', blocks)
  }
  const [port = 0] = await freePorts(1)
  const child = spawn(
    '/usr/bin/prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const url = `http://127.0.0.1:${port}`
  await eventually('Prometheus is ready', async () => {
    const response = await fetch(`${url}/-/ready`).catch(() => null)
    return response?.ok === true
  })
  return {
    url,
    async ask(path) {
      const response = await fetch(`${url}/api/v1/${path}`)
      const text = await response.text()
      const answer = Answer.safeParse(JSON.parse(text))
      if (!answer.success) throw new Error(text)
      return answer.data.data
    },
    async stop() {
      child.kill('SIGKILL')
      await exited
      await rm(directory, { recursive: true, force: true })
    },
  }
}
