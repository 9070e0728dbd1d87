import type { Sensitivity } from './bounds.ts'

/**
 * Scores are compared within a segment: what is common for a program is not for
 * a person, and what is common on a wiki is not on payroll. A closed set, so
 * that tables stay bounded.
 */
export type Segment = `${'person' | 'program'}/${Sensitivity}`

const PERSON = { low: 'person/low', medium: 'person/medium', high: 'person/high' } as const
const PROGRAM = { low: 'program/low', medium: 'program/medium', high: 'program/high' } as const

/**
 * The segment of a decision; devices act for themselves, as programs do.
 *
 * @param subjectType of the decision's subject, also as the store gives it back
 */
export function segmentOf(subjectType: string, sensitivity: Sensitivity): Segment {
  return (subjectType === 'user' ? PERSON : PROGRAM)[sensitivity]
}

/** What stands before the sensitivity, of a segment or of a name that ends in one. */
export function kindOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'))
}
