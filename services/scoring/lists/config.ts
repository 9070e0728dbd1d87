import { z } from 'zod'
import { ListName } from '../../../schemas/scored-decision.ts'
import { duration } from '../../runtime/duration.ts'

const File = z.string().min(1).max(4096)
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** What a list tells must come from who is asked for it, so HTTP in clear text is for this machine only. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || LOOPBACK.has(hostname)
}

/** One list of addresses that are known to be bad. */
export const ListConfig = z
  .strictObject({
    /** Names the list in evidence, metrics and the data directory. */
    name: ListName,
    /** `plain`: an address or CIDR a line. `stix`: a STIX 2.1 bundle. `taxii`: a collection of a TAXII 2.1 server. */
    kind: z.enum(['plain', 'stix', 'taxii']),
    file: File.optional(),
    /** Of `taxii`, the address of the collection. Redirects are not followed: name where it is. */
    url: z
      .url({ protocol: /^https?$/, error: 'must be an https URL' })
      .max(2048)
      .refine(isPrivate, { error: 'must be https, unless it is of this machine' })
      .optional(),
    /** How often it is looked at again. A failed look is tried again sooner. */
    refresh: duration({ min_ms: 1000, max_ms: 7 * 86_400_000 }).prefault('1h'),
    /** How long one look may take in all. */
    timeout: duration({ min_ms: 100, max_ms: 600_000 }).prefault('30s'),
    /** A file with a bearer token. */
    token_file: File.optional(),
    /** HTTP basic authentication. */
    username: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^:]*$/, { error: 'must hold no colon' })
      .optional(),
    password_file: File.optional(),
  })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), {
    error: 'one of file and url must be set',
  })
  .refine(({ kind, url }) => kind !== 'taxii' || url !== undefined, { error: 'taxii needs url' })
  .refine(({ username, password_file }) => (username === undefined) === (password_file === undefined), {
    error: 'username and password_file go together',
  })
  .refine(({ token_file, username }) => token_file === undefined || username === undefined, {
    error: 'token_file and username are two ways; choose one',
  })
  .refine(({ url, token_file, username }) => url !== undefined || (token_file ?? username) === undefined, {
    error: 'a file needs no token_file and no username',
  })
export type ListConfig = z.infer<typeof ListConfig>

/** All lists; two of one name would be taken for each other. */
export const ListsConfig = z
  .array(ListConfig)
  .max(16)
  .refine((lists) => new Set(lists.map(({ name }) => name)).size === lists.length, {
    error: 'two lists have the same name',
  })
  .default([])
