import { z } from 'zod'
import { Host, Port, TlsConfig } from '../../runtime/http/config.ts'

/** A listener of a protocol that has no tokens: who may send is told by the client's certificate. */
export const listenerFields = (port: number) => ({
  host: Host.default('127.0.0.1'),
  port: Port.default(port),
  /** Left out, the listener speaks without TLS, which only loopback may. */
  tls: TlsConfig.optional(),
  /** `certificate`: a client shows one of `tls.client_ca_file`. `any`: whoever reaches the port may send, and invent. */
  clients: z.enum(['certificate', 'any']).default('certificate'),
})

interface ListenerSettings {
  readonly host: string
  readonly tls?: TlsConfig | undefined
  readonly clients: 'certificate' | 'any'
}

/** What is wrong with a listener, in one sentence; null: nothing. */
export function listenerProblem({ host, tls, clients }: ListenerSettings): string | null {
  if (tls === undefined) {
    return LOOPBACK.has(host) ? null : 'needs tls, since host is not loopback'
  }
  if (clients === 'certificate' && tls.client_ca_file === undefined) {
    return 'needs tls.client_ca_file, by whose certificates senders are known, or clients: any'
  }
  return null
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
