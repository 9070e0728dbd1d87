import type { CaseFile } from '../../../schemas/case-file.ts'
import { isErasedEntity } from '../../../schemas/scrub.ts'

/** How many decisions of a case are of persons who were erased: their commitment is there, its salt is not. */
export function erasedIn({ decisions }: Pick<CaseFile, 'decisions'>): number {
  return decisions.rows.filter(
    ({ decision, link }) =>
      link?.salt === undefined && isErasedEntity({ type: 'subject', id: decision.subject.id }),
  ).length
}
