import type { CaseFile } from '../../../schemas/case-file.ts'
import { pageOf } from './html/page.ts'

/** A case file as text; the same case gives the same text. */
export function renderCase(file: CaseFile, format: 'json' | 'html'): string {
  return format === 'html' ? pageOf(file) : `${JSON.stringify(file, null, 1)}\n`
}
