import { hash } from 'node:crypto'

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
