import { readFile } from 'node:fs/promises'
import type { ServerOptions } from 'node:https'
import { GatewatchError } from '../errors.ts'
import type { TlsConfig } from './config.ts'

/** Reads the files that a listener's `tls` section names. `setting` is the section's path, for the error. */
export async function readTls(config: TlsConfig | undefined, setting: string): Promise<ServerOptions | null> {
  if (!config) return null
  const [cert, key, ca] = await Promise.all([
    read(config.cert_file, `${setting}.cert_file`),
    read(config.key_file, `${setting}.key_file`),
    config.client_ca_file === undefined
      ? undefined
      : read(config.client_ca_file, `${setting}.client_ca_file`),
  ])
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(ca ? { ca, requestCert: true, rejectUnauthorized: true } : {}),
  }
}

async function read(path: string, setting: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The file that ${setting} names can't be read; correct the path or its permissions.`,
      { cause: error },
    )
  }
}
