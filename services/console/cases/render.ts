import type { CaseFile } from '../../../schemas/case-file.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import { pageOf } from './html/page.ts'
import { MOST_PAGE_BYTES } from './room.ts'

/**
 * A case file as text; the same case gives the same text. @throws GatewatchError
 * `ERR_USAGE` when a page would be longer than it was built for.
 */
export function renderCase(file: CaseFile, format: 'json' | 'html'): string {
  if (format === 'json') return `${JSON.stringify(file, null, 1)}\n`
  const page = pageOf(file)
  if (Buffer.byteLength(page) <= MOST_PAGE_BYTES) return page
  throw new GatewatchError(
    'ERR_USAGE',
    'This case is too long for a page: ask for a shorter range, or for it as JSON.',
  )
}
