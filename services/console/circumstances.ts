import { type Entity, subjectEntityId } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Policy } from '../../schemas/policy.ts'
import type { RiskState } from '../../schemas/risk.ts'
import type { Story } from '../../schemas/story.ts'
import {
  accessFindings,
  accessStories,
  policyRevisions,
  riskState,
  type Topic,
} from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import type { DecisionRow } from './decision-row.ts'
import type { Circumstances } from './explanation.ts'
import { STORAGE, searchTail } from './log-tail.ts'
import { byRisk } from './reason-sentences.ts'
import {
  findingsById,
  findingsOfDecision,
  type RiskFacts,
  risksOf,
  storiesOfFindings,
  toRiskFacts,
} from './store/findings.ts'
import type { Ask } from './store/store.ts'

/** A risk state that decided may bear a time just after the decision's: clocks of two machines. */
const CLOCK_SLACK_MS = 1000

/** Looks up what an explanation rests on beside the decision itself. */
export async function circumstancesOf(
  decision: DecisionRow,
  eventLog: EventLog,
  ask: Ask,
): Promise<Omit<Circumstances, 'missing'>> {
  const { id, tenant } = decision
  const findings = newest<Finding>([
    ...(await ask((store) => findingsOfDecision(store, decision), [])),
    ...(await tail(accessFindings, (one: Finding) => one.decision_ids.includes(id))),
  ])
  const risk = await risksUntil(Number.MAX_SAFE_INTEGER)
  const causes = new Set<string>()
  if (byRisk(decision)) {
    const then = await risksUntil(Date.parse(decision.decided_at) + CLOCK_SLACK_MS)
    for (const { finding_ids } of then.length > 0 ? then : risk)
      for (const one of finding_ids) causes.add(one)
    for (const finding of findings) causes.delete(finding.id)
  }
  const risk_findings = newest<Finding>([
    ...(await ask((store) => findingsById(store, tenant, [...causes]), [])),
    ...(causes.size === 0 ? [] : await tail(accessFindings, (one: Finding) => causes.has(one.id))),
  ])
  const ids = [...findings, ...risk_findings].map((finding) => finding.id)
  const isAmong = (one: Story) => one.finding_ids.some((of) => ids.includes(of))
  const stories = newest<Story>([
    ...(await ask((store) => storiesOfFindings(store, tenant, ids), [])),
    ...(ids.length === 0 ? [] : await tail(accessStories, isAmong)),
  ])
  return {
    findings,
    risk_findings,
    stories: stories.filter(({ state }) => state !== 'merged').sort((a, b) => isAbout(b) - isAbout(a)),
    risk,
    policy: await policyOf(eventLog, decision),
  }

  /** Stories about the subject itself come first; a wide one may have swept it up. */
  function isAbout({ suspects, entities }: Story): number {
    const subject = subjectEntityId({ type: decision.subject_type, id: decision.subject_id })
    const [main] = suspects ?? entities
    return main?.type === 'subject' && main.id === subject ? 1 : 0
  }

  async function risksUntil(untilMs: number): Promise<RiskFacts[]> {
    const entities = entitiesOf(decision)
    const isOurs = ({ entity, updated_at }: RiskState) =>
      entities.some((one) => one.type === entity.type && one.id === entity.id) &&
      Date.parse(updated_at) <= untilMs
    const fresh = (await tail(riskState, isOurs)).map(toRiskFacts)
    const stored = await ask((store) => risksOf(store, tenant, entities, untilMs), [])
    return newestBy<RiskFacts>([...stored, ...fresh], ({ entity }) => `${entity.type}/${entity.id}`)
  }

  /** What the store does not hold yet, of the decision's tenant. */
  function tail<T extends { readonly tenant: string }>(
    topic: Topic<T>,
    found: (value: T) => boolean,
  ): Promise<T[]> {
    return searchTail(eventLog, topic, STORAGE, `"${tenant}"`, (one) => one.tenant === tenant && found(one))
  }
}

function entitiesOf(decision: DecisionRow): Entity[] {
  const { subject_type: type, subject_id: id, subject_session_id: session, device_id: device } = decision
  return [
    { type: 'subject', id: subjectEntityId({ type, id }) },
    ...(session ? [{ type: 'session', id: session } as const] : []),
    ...(device ? [{ type: 'device', id: device } as const] : []),
  ]
}

/** The policy, when the log still has the revision that decided: another one may say something else. */
async function policyOf(
  eventLog: EventLog,
  { tenant, policy_revision: wanted }: DecisionRow,
): Promise<Policy | null> {
  if (!wanted) return null
  const revisions = await searchTail(
    eventLog,
    policyRevisions,
    STORAGE,
    wanted,
    (one) => one.tenant === tenant && one.revision === wanted,
  )
  return revisions.at(-1)?.document ?? null
}

function newest<T extends { readonly id: string; readonly revision: number }>(values: readonly T[]): T[] {
  return newestBy(values, ({ id }) => id)
}

function newestBy<T extends { readonly revision: number }>(
  values: readonly T[],
  key: (value: T) => string,
): T[] {
  const byKey = new Map<string, T>()
  for (const value of values) {
    const known = byKey.get(key(value))
    if (!known || known.revision < value.revision) byKey.set(key(value), value)
  }
  return [...byKey.values()]
}
