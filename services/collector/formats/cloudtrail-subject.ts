import type { DecisionInput } from '../../../schemas/decision.ts'
import { objectOf, textOf, type JsonObject } from './json.ts'

type Subject = DecisionInput['subject']

/** Roles that IAM Identity Center makes; their session name is the person. */
const SSO_ROLE = /:role\/.*AWSReservedSSO_/

/**
 * Who made a call, from CloudTrail's userIdentity.
 *
 * | userIdentity.type | subject |
 * |---|---|
 * | Root, IAMUser, FederatedUser | `user`, the ARN (of an IAM user without one: account and name) |
 * | AssumedRole of a person (IAM Identity Center) | `user`, the session's name |
 * | AssumedRole | `service`, the role's ARN; the session's name is `session_id` |
 * | AWSService, AWSAccount, and no type but invokedBy | `service`, who called |
 * | SAMLUser, WebIdentityUser, IdentityCenterUser | `user`, the name or principal |
 * | anything else | `anonymous` |
 *
 * A role, not its session, is the subject: session names of machines are new
 * with each start, and what is new each time has no habits.
 */
export function cloudtrailSubject(identity: JsonObject | undefined): Subject {
  const arn = textOf(identity, 'arn')
  const principal = textOf(identity, 'principalId')
  const invokedBy = textOf(identity, 'invokedBy')
  const account = textOf(identity, 'accountId')
  const name = textOf(identity, 'userName')
  switch (textOf(identity, 'type')) {
    case 'Root':
      return subject('user', arn || `arn:aws:iam::${account}:root`)
    case 'IAMUser':
      return subject('user', arn || (name === '' ? principal : `arn:aws:iam::${account}:user/${name}`))
    case 'AssumedRole':
      return assumedRole(identity, arn, principal)
    case 'FederatedUser':
      return subject('user', arn || principal)
    case 'SAMLUser':
    case 'WebIdentityUser':
    case 'IdentityCenterUser':
      return subject('user', name || textOf(objectOf(identity, 'onBehalfOf'), 'userId') || principal)
    case 'AWSService':
      return subject('service', invokedBy || principal)
    case 'AWSAccount':
      return subject('service', account || principal)
    default:
      return subject('service', invokedBy)
  }
}

function assumedRole(identity: JsonObject | undefined, arn: string, principal: string): Subject {
  const issuer = objectOf(objectOf(identity, 'sessionContext'), 'sessionIssuer')
  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  const [, account = '', role = '', session = ''] =
    /^arn:[\w-]+:sts::(\d+):assumed-role\/(.+)\/([^/]+)$/.exec(arn) ?? []
  const roleArn = textOf(issuer, 'arn') || (role === '' ? '' : `arn:aws:iam::${account}:role/${role}`)
  if (session !== '' && SSO_ROLE.test(roleArn)) return subject('user', session)
  const found = subject('service', roleArn || arn || principal)
  if (session !== '' && found.type !== 'anonymous') found.session_id = session.slice(0, 256)
  return found
}

function subject(type: 'user' | 'service', id: string): Subject {
  return id === '' ? { type: 'anonymous', id: 'anonymous' } : { type, id: id.slice(0, 256) }
}
