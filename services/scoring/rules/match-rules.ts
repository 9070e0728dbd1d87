import { hash } from 'node:crypto'
import { isCanary } from '../../../schemas/canary.ts'
import { isNobodys } from '../../../schemas/chain.ts'
import { subjectEntityId, type Entity } from '../../../schemas/entity.ts'
import type { RuleMatch } from '../../../schemas/rule-match.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import type { RuleEntity } from './language/head.ts'
import type { MatchedFor, MatchedRule, RuleSet } from './language/rule-set.ts'

const MOST_VALUE = 256
const MOST_ID = 300
const KEPT = 200

/** Told of every rule that a decision matched, whoever it is for. */
export type Matched = (rule: string) => void

/**
 * Holds one scored decision against all rules. Pure. A canary is nobody,
 * and whoever was erased is nobody any more: all of them would be one. A
 * decision whose outcome our own feedback caused is no evidence for a rule that
 * asks for the outcome: a restriction would feed the rule that led to it. A rule
 * that wants it all the same names `caused_by`.
 */
export function matchRules(set: RuleSet, scored: ScoredDecision, matched: Matched): RuleMatch[] {
  if (isPassedOver(scored)) return []
  const matches: RuleMatch[] = []
  for (const rule of set.matched) {
    const found = matchRule(set.version, rule, scored)
    if (found === undefined) continue
    matched(rule.name)
    matches.push(...found)
  }
  return matches
}

/** No rule is held against it. */
export function isPassedOver({ decision }: ScoredDecision): boolean {
  return isCanary(decision) || isNobodys(decision)
}

/** Holds one scored decision against one rule: what it is matched for, and undefined where it does not match. */
export function matchRule(
  version: string,
  { name, test, of_outcome, for: wanted }: MatchedRule,
  scored: ScoredDecision,
): RuleMatch[] | undefined {
  if (of_outcome && scored.decision.caused_by !== undefined) return undefined
  if (!test(scored)) return undefined
  return wanted.map((one) => matchOf(version, name, one, scored))
}

function matchOf(
  version: string,
  matched: string,
  { told, fields }: MatchedFor,
  scored: ScoredDecision,
): RuleMatch {
  const { decision } = scored
  const values: Record<string, string> = {}
  for (const { path, read } of fields) {
    const value = textOf(read(scored))
    if (value !== undefined) values[path] = value
  }
  const entity = entityOf(told.entity, scored) ?? subjectOf(scored)
  const others = (['subject', 'session', 'device', 'source'] as const).flatMap(
    (type) => (type === entity.type ? undefined : entityOf(type, scored)) ?? [],
  )
  return {
    schema_version: 1,
    tenant: decision.tenant,
    origin: decision.origin,
    rule: told.head.name,
    matched,
    rule_set: version,
    decision_id: decision.id,
    decided_at: decision.decided_at,
    entity,
    entities: others,
    values,
  }
}

/** Who it was; of somebody who is not known, the network. */
function subjectOf(scored: ScoredDecision): Entity {
  const { subject } = scored.decision
  const network = subject.type === 'anonymous' ? entityOf('source', scored) : undefined
  return network ?? { type: 'subject', id: subjectEntityId(subject) }
}

type IdOf = (scored: ScoredDecision) => string | undefined

const IDS: Readonly<Record<RuleEntity, IdOf>> = {
  subject: ({ decision: { subject } }) =>
    subject.type === 'anonymous' ? undefined : subjectEntityId(subject),
  session: ({ decision }) => decision.subject.session_id,
  device: ({ decision }) => decision.device?.id,
  source: ({ enrichment }) => enrichment.source.prefix,
  resource: ({ decision }) => decision.resource.app ?? decision.resource.id,
  policy_rule: ({ decision }) => decision.policy?.rule_id,
  pep: ({ decision }) => decision.pep?.id,
}

function entityOf(type: RuleEntity, scored: ScoredDecision): Entity | undefined {
  const id = IDS[type](scored)
  return id === undefined || id === '' ? undefined : { type, id: id.slice(0, MOST_ID) }
}

/** A value as text. One that is too long is told from others by its hash. */
function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.length <= MOST_VALUE) return text
  return `${text.slice(0, KEPT)} sha256:${hash('sha256', text, 'hex').slice(0, 32)}`
}
