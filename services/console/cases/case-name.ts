import { hash } from 'node:crypto'
import type { CaseAbout } from '../../../schemas/case-file.ts'

/**
 * A name for the file of a case and for the log: who it is about does not stand
 * in it, and who knows the entity can tell that it was this one
 * (the first 16 digits of SHA-256 over `<type> <id>`).
 */
export function caseName(about: CaseAbout): string {
  if (about.kind !== 'entity') return `case-${about.kind}-${about.id.replaceAll(/[^\w.-]/g, '_')}`
  const { type, id } = about.entity
  return `case-${type}-${hash('sha256', `${type} ${id}`, 'hex').slice(0, 16)}`
}
