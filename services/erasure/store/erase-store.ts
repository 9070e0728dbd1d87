import { randomBytes } from 'node:crypto'
import type { Names } from '../person.ts'
import { eraseDeadLetters } from './erase-dead-letters.ts'
import { eraseDecisions } from './erase-decisions.ts'
import { eraseFindings, eraseRisk, eraseStories, eraseVerdicts } from './erase-others.ts'
import { hashedNames, type StoreTarget } from './statements.ts'

/**
 * Erases a person from every table. Each step may be repeated: what is done is
 * found done. Rows changed or removed, by table.
 */
export async function eraseFromStore(
  target: StoreTarget,
  names: Names,
  told: (step: string, done: number, all: number) => void,
): Promise<Record<string, number>> {
  const hashed = await hashedNames(target, names, [sipKey(), sipKey()])
  const counts: Record<string, number> = {}
  counts['decisions'] = await eraseDecisions(target, names, hashed, (done, all) =>
    told('decisions', done, all),
  )
  const steps = [
    ['findings', () => eraseFindings(target, names, hashed)],
    ['stories', () => eraseStories(target, names, hashed)],
    ['verdicts', () => eraseVerdicts(target, names, hashed)],
    ['risk_states', () => eraseRisk(target, names, hashed)],
    ['dead_letters', () => eraseDeadLetters(target, names)],
  ] as const
  for (const [index, [table, erase]] of steps.entries()) {
    told(table, index, steps.length)
    counts[table] = await erase()
  }
  return counts
}

/** A half of the key of the hashes by which mutations find rows; nobody has it afterwards. */
function sipKey(): string {
  return randomBytes(8).readBigUInt64LE().toString()
}
