import { CaseAbout } from '../../../schemas/case-file.ts'
import { EntityType } from '../../../schemas/entity.ts'

const SUBJECT = /^(user|service|device|anonymous):./

/**
 * What a person means by the name of a case: `alice` and `user:alice` are a
 * user, `service:backup` another subject, `source/192.0.2.0/24` any entity by
 * its type. Null: the name is empty or longer than any entity's.
 */
export function aboutOf(name: string): CaseAbout | null {
  const slash = name.indexOf('/')
  const type = EntityType.safeParse(name.slice(0, Math.max(0, slash)))
  const entity = type.success
    ? { type: type.data, id: name.slice(slash + 1) }
    : { type: 'subject', id: SUBJECT.test(name) || name === '' ? name : `user:${name}` }
  return CaseAbout.safeParse({ kind: 'entity', entity }).data ?? null
}
