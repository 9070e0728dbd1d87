import type { ServerOptions } from 'node:https'
import { readFileIfNamed, readNamedFile } from '../named-file.ts'
import type { TlsConfig } from './config.ts'

/** Reads the files that a listener's `tls` section names. `setting` is the section's path, for the error. */
export async function readTls(config: TlsConfig | undefined, setting: string): Promise<ServerOptions | null> {
  if (!config) return null
  const [cert, key, ca] = await Promise.all([
    readNamedFile(config.cert_file, `${setting}.cert_file`),
    readNamedFile(config.key_file, `${setting}.key_file`),
    readFileIfNamed(config.client_ca_file, `${setting}.client_ca_file`),
  ])
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(ca ? { ca, requestCert: true, rejectUnauthorized: true } : {}),
  }
}
