import { readFile, stat } from 'node:fs/promises'
import { GatewatchError } from '../../runtime/errors.ts'
import { readSecretFile } from '../../runtime/secrets.ts'
import type { ListConfig } from './config.ts'
import { get, MOST_BYTES } from './http.ts'
import { digestOf, type KeptList } from './kept-list.ts'
import { ListError } from './list-error.ts'
import { readCollection } from './taxii.ts'

/** A TAXII server tells what was added, not what it deleted: so often the whole is read again. */
const WHOLE_EVERY_MS = 86_400_000

/**
 * Looks whether a list has changed since `kept`. What the server says of its
 * version is only used to ask it again: a version of ours is worked out from
 * the content.
 *
 * @returns the new version; `unchanged` when `kept` is current
 * @throws ListError, and what files and `fetch` throw
 */
export async function fetchList(
  config: ListConfig,
  kept: KeptList | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<KeptList | 'unchanged'> {
  const { file, url, kind } = config
  const fetchedAt = new Date(nowMs).toISOString()
  if (url === undefined) return changed(kept, { content: await fileText(file ?? ''), fetched_at: fetchedAt })
  const credentials = await credentialsOf(config)
  if (kind === 'taxii') {
    const whole = kept?.added_after === undefined || nowMs - Date.parse(kept.whole_at ?? '') >= WHOLE_EVERY_MS
    const before =
      whole || kept.added_after === undefined ? undefined : { ...kept, added_after: kept.added_after }
    const { content, added_after } = await readCollection(url, credentials, before, signal)
    const whole_at = before === undefined ? fetchedAt : kept?.whole_at
    const fresh = { content, fetched_at: fetchedAt, added_after, whole_at }
    const same = kept !== undefined && added_after === kept.added_after && whole_at === kept.whole_at
    return same ? changed(kept, fresh) : dated(kept, fresh)
  }
  const conditions = {
    ...(kept?.etag === undefined ? {} : { 'if-none-match': kept.etag }),
    ...(kept?.last_modified === undefined ? {} : { 'if-modified-since': kept.last_modified }),
  }
  const { status, headers, text } = await get(new URL(url), { ...conditions, ...credentials }, { signal })
  if (status === 304) {
    if (kept === undefined)
      throw new ListError('the server answered 304 without having been asked for a change')
    return 'unchanged'
  }
  return changed(kept, {
    content: text,
    fetched_at: fetchedAt,
    etag: bounded(headers.get('etag'), 1024),
    last_modified: bounded(headers.get('last-modified'), 128),
  })
}

function changed(kept: KeptList | undefined, fresh: Omit<KeptList, 'sha256'>): KeptList | 'unchanged' {
  const version = dated(kept, fresh)
  return version.sha256 === kept?.sha256 ? 'unchanged' : version
}

/** Content that was seen before keeps the time at which it was. */
function dated(kept: KeptList | undefined, fresh: Omit<KeptList, 'sha256'>): KeptList {
  const sha256 = digestOf(fresh.content)
  return { ...fresh, sha256, fetched_at: kept?.sha256 === sha256 ? kept.fetched_at : fresh.fetched_at }
}

async function fileText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw new ListError(`it has more than ${MOST_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof ListError) throw error
    throw new GatewatchError(
      'ERR_CONFIG_INVALID',
      `The list's file ${path} can't be read; correct the path or its permissions.`,
      {
        cause: error,
      },
    )
  }
}

/** Read for every look, so that a secret can be exchanged while the process runs. */
async function credentialsOf(config: ListConfig): Promise<Readonly<Record<string, string>>> {
  const { name, token_file, username, password_file } = config
  if (token_file !== undefined)
    return {
      authorization: `Bearer ${await readSecretFile(token_file, `scoring.lists ${name}: token_file`)}`,
    }
  if (username === undefined || password_file === undefined) return {}
  const password = await readSecretFile(password_file, `scoring.lists ${name}: password_file`)
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

function bounded(text: string | null, most: number): string | undefined {
  return text === null || text.length > most ? undefined : text
}
