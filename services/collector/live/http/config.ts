import { z } from 'zod'

/** Takes pushes at `/v1/push/<name>` of the collector's HTTP listener. */
export const HttpKind = {
  kind: z.literal('http'),
  /** Names of the tokens (scope `collector`) that may push to this source; default: each of that scope. */
  token_names: z.array(z.string().min(1).max(128)).min(1).max(64).optional(),
  /** The largest body, as sent. */
  max_body_bytes: z.int().min(1024).max(67_108_864).default(8_388_608),
  /** The largest body, decompressed. */
  max_text_bytes: z.int().min(1024).max(1_073_741_824).default(268_435_456),
}
