import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../../deploy/kafka/free-ports.ts'
import { eventually } from '../eventually.ts'

const BINARY = '/usr/bin/prometheus-alertmanager'

/** Whether Debian's package is there. With CI=true its absence is a failure, not a skip. */
export function hasAlertmanager(): boolean {
  if (existsSync(BINARY)) return true
  if (process.env['CI'] === 'true')
    throw new Error(`${BINARY} is missing: apt-get install prometheus-alertmanager`)
  process.stderr.write(`SKIPPED: ${BINARY} is missing (apt-get install prometheus-alertmanager)\n`)
  return false
}

export interface AlertmanagerProcess {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** A real Alertmanager that posts what it is told to `webhookUrl`, quickly. */
export async function startAlertmanager(webhookUrl: string, atPort?: number): Promise<AlertmanagerProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-alertmanager-'))
  const [port = 0] = atPort === undefined ? await freePorts(1) : [atPort]
  await writeFile(
    join(directory, 'alertmanager.yml'),
    [
      'route: {receiver: hook, group_by: [tenant, alert_id], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}',
      `receivers: [{name: hook, webhook_configs: [{url: '${webhookUrl}', send_resolved: true}]}]`,
    ].join('\n'),
  )
  const child = spawn(
    BINARY,
    [
      `--config.file=${join(directory, 'alertmanager.yml')}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  )
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const url = `http://127.0.0.1:${port}`
  await eventually('Alertmanager is ready', async () => {
    const response = await fetch(`${url}/-/ready`).catch(() => null)
    return response?.ok === true ? true : undefined
  })
  return {
    url,
    port,
    async stop() {
      child.kill('SIGKILL')
      await exited
      await rm(directory, { recursive: true, force: true })
    },
  }
}
