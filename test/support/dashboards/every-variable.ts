import type { Value } from './grafana-expansion.ts'

/** A value for each variable of any dashboard, as a reader who chose nothing but whom it is about has them. */
export const EVERY_VARIABLE: Readonly<Record<string, Value>> = {
  tenant: 'default',
  app: { all: '_all_' },
  detector: { all: '_all_' },
  level: { all: '_all_' },
  gateway: { all: '_all_' },
  subject: 'user:alice',
  source: '192.0.2.10',
  session: 's-1',
  console: 'http://127.0.0.1:8090',
}
