import { readFile } from 'node:fs/promises'
import { GatewatchError } from './errors.ts'

/**
 * Reads a file that a setting names, such as a certificate.
 *
 * @throws GatewatchError `ERR_CONFIG_INVALID`, which names the setting and not the path
 */
export async function readNamedFile(path: string, setting: string): Promise<Buffer> {
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

/** The same of a setting that may be left out. */
export async function readFileIfNamed(
  path: string | undefined,
  setting: string,
): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readNamedFile(path, setting)
}
