import { z } from 'zod'
import { listenerFields } from '../listener-config.ts'

/** Listens for syslog over TLS (RFC 5425). */
export const SyslogKind = {
  kind: z.literal('syslog'),
  ...listenerFields(6514),
  max_connections: z.int().min(1).max(4096).default(256),
}
