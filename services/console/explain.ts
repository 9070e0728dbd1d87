import {
  accessFindings,
  accessScored,
  accessStories,
  policyRevisions,
  riskState,
} from '../../schemas/topics.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Policy, PolicyRevision } from '../../schemas/policy.ts'
import type { Story } from '../../schemas/story.ts'
import { subjectEntityId, type Entity } from '../../schemas/entity.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { type DecisionRow, toRow } from './decision-row.ts'
import { explain, type Explanation } from './explanation.ts'
import { searchTail } from './log-tail.ts'
import { findDecision } from './store/decisions.ts'
import { findingsOfDecision, RiskNow, risksOf, storiesOfFindings } from './store/findings.ts'
import type { Store } from './store/store.ts'

/** The consumer group of the storage worker: what it has committed is in the store. */
const STORAGE = 'storage'

export interface ExplainSources {
  /** Null when no store runs: then the log alone answers, as far as it reaches back. */
  readonly store: Store | null
  readonly eventLog: EventLog
}

/**
 * Explains one decision, or gives null when nobody knows its id. The store and
 * the part of the log that the store does not hold yet are read together, so a
 * decision is explained the moment it was made, and while the store is down
 * (then `missing` says what was not looked at).
 */
export async function explainDecision(sources: ExplainSources, id: string): Promise<Explanation | null> {
  const { eventLog } = sources
  const missing: string[] = []
  const store = guarded(sources.store, missing)
  const [tail] = await searchTail(
    eventLog,
    accessScored,
    STORAGE,
    `"${id}"`,
    ({ decision }) => decision.id === id,
  )
  const decision = tail ? toRow(tail) : await store((ask) => findDecision(ask, id), null)
  if (!decision) {
    if (missing.length === 0 || !sources.store) return null
    // The store could not be asked and the log does not hold it: nobody knows, which is not "there is none".
    throw new GatewatchError('ERR_STORE_UNREACHABLE', missing.join(' '), { retriable: true })
  }

  const findings = newest<Finding>([
    ...(await store((ask) => findingsOfDecision(ask, decision), [])),
    ...(await searchTail(eventLog, accessFindings, STORAGE, id, (finding) =>
      finding.decision_ids.includes(id),
    )),
  ])
  const ids = findings.map((finding) => finding.id)
  const stories = newest<Story>([
    ...(await store((ask) => storiesOfFindings(ask, decision.tenant, ids), [])),
    ...(ids.length === 0
      ? []
      : await searchTail(eventLog, accessStories, STORAGE, '"finding_ids"', (story) =>
          story.finding_ids.some((one) => ids.includes(one)),
        )),
  ])
  const entities = entitiesOf(decision)
  const isOurs = ({ tenant, entity }: RiskNow) =>
    tenant === decision.tenant && entities.some(({ type, id }) => type === entity.type && id === entity.id)
  const risk = newestBy<RiskNow>(
    [
      ...(await store((ask) => risksOf(ask, decision.tenant, entities), [])),
      ...(await searchTail(eventLog, riskState, STORAGE, `"${decision.tenant}"`, isOurs)).map((state) =>
        RiskNow.parse(state),
      ),
    ],
    ({ entity }) => `${entity.type}/${entity.id}`,
  )
  const policy = await policyOf(eventLog, decision)
  return explain(decision, {
    findings,
    stories: stories.filter(({ state }) => state !== 'merged'),
    risk,
    policy,
    missing,
  })
}

/** Asks the store; when it fails, says so once in `missing` and gives what stands for nothing. */
function guarded(store: Store | null, missing: string[]) {
  if (!store) missing.push('No store runs here: only what the log still holds was looked at.')
  return async <T>(ask: (store: Store) => Promise<T>, otherwise: T): Promise<T> => {
    if (!store || missing.length > 0) return otherwise
    try {
      return await ask(store)
    } catch (error) {
      missing.push(error instanceof Error ? error.message : String(error))
      return otherwise
    }
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

/** The policy, when the newest revision is the one that decided: an older one may have said something else. */
async function policyOf(
  eventLog: EventLog,
  { tenant, policy_revision }: DecisionRow,
): Promise<Policy | null> {
  if (!policy_revision) return null
  const matches = (revision: PolicyRevision) =>
    revision.tenant === tenant && revision.revision === policy_revision
  const table = await searchTail(eventLog, policyRevisions, STORAGE, policy_revision, matches)
  return table.at(-1)?.document ?? null
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
