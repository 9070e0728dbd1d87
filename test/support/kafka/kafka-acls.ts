import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
  type AclEntry,
  type Admin,
} from 'kafkajs'
import { topics } from '../../../schemas/topics.ts'
import type { LogRights } from '../../../services/runtime/log/kafka/admin/rights.ts'
import type { Names } from '../../../services/runtime/log/kafka/names.ts'

type Operation = 'READ' | 'WRITE' | 'DELETE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS'
type Resource = 'TOPIC' | 'GROUP' | 'TRANSACTIONAL_ID' | 'CLUSTER'

/** One right of one user, as an operator grants it. */
export function acl(user: string, resource: Resource, name: string, operation: Operation): AclEntry {
  return {
    resourceType: AclResourceTypes[resource],
    resourceName: name,
    resourcePatternType:
      resource === 'TRANSACTIONAL_ID' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }
}

/** Exactly what `deploy/kafka/README.md` says that a role's user must have. */
export function aclsOf(user: string, rights: LogRights, names: Names): AclEntry[] {
  const { reads, writes, joins, watches } = rights
  return [
    ...topics.flatMap((topic) =>
      (['DESCRIBE', 'DESCRIBE_CONFIGS'] as const).map((one) => acl(user, 'TOPIC', names.topic(topic), one)),
    ),
    ...reads.map((topic) => acl(user, 'TOPIC', names.topic(topic), 'READ')),
    ...writes.map((topic) => acl(user, 'TOPIC', names.topic(topic), 'WRITE')),
    ...joins.map((group) => acl(user, 'GROUP', names.group(group), 'READ')),
    ...watches.map((group) => acl(user, 'GROUP', names.group(group), 'DESCRIBE')),
    acl(user, 'TRANSACTIONAL_ID', names.transaction(''), 'WRITE'),
  ]
}

export async function grant(admin: Admin, entries: AclEntry[]): Promise<void> {
  await admin.createAcls({ acl: entries })
}

export async function takeAway(admin: Admin, entries: AclEntry[]): Promise<void> {
  await admin.deleteAcls({ filters: entries })
}
