import { z } from 'zod'
import { listenerFields } from '../listener-config.ts'

/** Envoy's Access Log Service, version 3. */
export const AlsKind = {
  kind: z.literal('grpc-als'),
  ...listenerFields(8071),
  /** Only streams that say this `log_name` are taken; default: all. */
  log_name: z.string().min(1).max(256).optional(),
  max_streams: z.int().min(1).max(4096).default(256),
}
