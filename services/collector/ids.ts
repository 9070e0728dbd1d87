import { hash } from 'node:crypto'
import type { Draft } from './formats/format.ts'

/** How many different contents are counted at a time. */
const WINDOW = 65_536

/**
 * Ids that follow from content, so that a second import gives them again.
 * Equal contents are told apart by how often they came before: of sshd's lines
 * of one second several may be equal, and each is an attempt.
 *
 * The count is kept for the latest 65,536 different contents. Beyond, an equal
 * one begins at 0 again and is taken for the same: a log that holds a copy of
 * itself (rotated files put together twice) counts once.
 */
export function contentIds(...scope: readonly string[]): (content: string) => string {
  const prefix = scope.map((part) => `${part}\0`).join('')
  const counts = new Map<string, number>()
  return (content) => {
    const key = hash('sha256', prefix + content, 'hex')
    const occurrence = counts.get(key) ?? 0
    counts.delete(key)
    counts.set(key, occurrence + 1)
    if (counts.size > WINDOW) {
      const [oldest] = counts.keys()
      if (oldest !== undefined) counts.delete(oldest)
    }
    return `imp_${(occurrence === 0 ? key : hash('sha256', `${key}\0${occurrence}`, 'hex')).slice(0, 32)}`
  }
}

/**
 * The id of a decision whose event the product itself has named, so that two
 * exports of it (one with more fields, another order of members) are one.
 *
 * The verdict goes into the id as well as the name: an event under a name that
 * was used before, with another instant, subject or outcome, is another one, and
 * nobody hides a refusal behind the name of a permit.
 */
export function eventId(
  scope: readonly string[],
  name: string,
  { decided_at, outcome, subject }: Pick<Draft, 'decided_at' | 'outcome' | 'subject'>,
): string {
  const parts = [...scope, 'event', name, decided_at, outcome, subject.type, subject.id]
  return `imp_${hash('sha256', parts.join('\0'), 'hex').slice(0, 32)}`
}
