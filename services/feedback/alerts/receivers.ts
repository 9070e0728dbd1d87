import { GatewatchError } from '../../runtime/errors.ts'
import { readSecretFile } from '../../runtime/secrets.ts'
import type { AlertsConfig } from '../config.ts'
import { alertmanager } from './alertmanager.ts'
import type { Receiver } from './receiver.ts'
import { webhook } from './webhook.ts'

const SEVERITY = { LOW: 'info', MEDIUM: 'warning', HIGH: 'critical' } as const

/** The receivers that the configuration names. */
export async function receiversOf(config: AlertsConfig, now: () => number): Promise<Receiver[]> {
  const common = { timeout_ms: config.timeout, console_url: config.console_url, random: Math.random }
  const receivers: Receiver[] = config.alertmanager.urls.map((url) =>
    alertmanager({
      ...common,
      url,
      resend_ms: config.alertmanager.resend,
      hold_ms: config.alertmanager.hold,
      lowest: SEVERITY[config.level],
    }),
  )
  for (const [index, { name, url, secret_file }] of config.webhooks.entries()) {
    const text = await readSecretFile(secret_file, `feedback.alerts.webhooks.${index}.secret_file`)
    receivers.push(webhook({ ...common, name, url, secrets: text.split(/\s+/).slice(0, 4), now }))
  }
  const ids = new Set(receivers.map((receiver) => receiver.id))
  if (ids.size < receivers.length)
    throw new GatewatchError('ERR_CONFIG_INVALID', 'feedback.alerts names the same receiver twice; keep one.')
  return receivers
}
