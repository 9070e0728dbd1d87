import type { Entity } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'

const MAX_NAME = 80
const MAX_TITLE = 512

/**
 * One line that stands alone in a queue or a page: whom it is about, and what
 * the finding says (`alice: seen in two places at once`). Names come from
 * outside: control characters and marks that turn the direction of writing
 * become spaces, an unusual name stands in quotes, so that it can't pass for
 * words of ours.
 */
export function titleOf({ entity, summary }: Finding): string {
  const said = plain(summary)
  if (said.includes(entity.id)) return said.slice(0, MAX_TITLE).toWellFormed()
  return `${nameOf(entity)}: ${said}`.slice(0, MAX_TITLE).toWellFormed()
}

function nameOf(entity: Entity): string {
  const id = entity.type === 'subject' && entity.id.startsWith('user:') ? entity.id.slice(5) : entity.id
  const cut = id.length > MAX_NAME ? `${id.slice(0, MAX_NAME - 1).toWellFormed()}…` : id
  const name = /^[\p{L}\p{N}._@/:+=…-]+$/u.test(cut) ? cut : `“${plain(cut).replaceAll(/[“”"]/g, "'")}”`
  return entity.type === 'subject' || entity.type === 'source' ? name : `${entity.type} ${name}`
}

function plain(text: string): string {
  return text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()
}
