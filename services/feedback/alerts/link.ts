import type { Alert } from '../../../schemas/alert.ts'

/** Where the console shows the alert's story; nothing without a story or a known address. */
export function storyUrl(alert: Alert, consoleUrl: string | undefined): string | undefined {
  if (consoleUrl === undefined || alert.story_id === null) return undefined
  const base = consoleUrl.replace(/\/+$/, '')
  return `${base}/#/stories/${encodeURIComponent(alert.story_id)}?tenant=${encodeURIComponent(alert.tenant)}`
}
