import { z } from 'zod'

/** A listener's address. Loopback unless told otherwise: nothing is open by default. */
export const Port = z.int().min(0).max(65535)
export const Host = z.string().min(1).max(253)

/** TLS for a listener; with `client_ca_file` every client must show a certificate of that authority (mutual TLS). */
export const TlsConfig = z.strictObject({
  cert_file: z.string().min(1).max(4096),
  key_file: z.string().min(1).max(4096),
  client_ca_file: z.string().min(1).max(4096).optional(),
})
export type TlsConfig = z.infer<typeof TlsConfig>
