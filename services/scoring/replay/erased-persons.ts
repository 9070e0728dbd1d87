import { isNobodys } from '../../../schemas/chain.ts'
import { parseDecision } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { isErasedEntity } from '../../../schemas/scrub.ts'
import { accessDecisions, privacyErasures } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { parseJson } from '../../runtime/log/json-record.ts'

/** Ids of decisions that are kept; of more persons than that nobody is erased within a week. */
const MOST_IDS = 1_000_000

/** What of a log can't be scored again, since whom it was about was erased. */
export interface ErasedPersons {
  /** Decisions. */
  readonly decisions: number
  /** Whether a finding names somebody erased, or rests on a decision of theirs. */
  touches(finding: Finding): boolean
}

/** Looks at decisions only where somebody was ever erased. */
export async function erasedPersons(eventLog: EventLog): Promise<ErasedPersons> {
  const ids = new Set<string>()
  let decisions = 0
  if (await isAnybodyErased(eventLog)) {
    for (const { partition } of await eventLog.watermarks(accessDecisions))
      for await (const records of eventLog.read(accessDecisions, { partition }))
        for (const record of records) {
          const json = parseJson(record)
          const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
          if (decision === undefined || !isNobodys(decision)) continue
          decisions += 1
          if (ids.size < MOST_IDS) ids.add(decision.id)
        }
  }
  return {
    decisions,
    touches: ({ entity, entities, decision_ids }) =>
      decisions > 0 && ([entity, ...entities].some(isErasedEntity) || decision_ids.some((id) => ids.has(id))),
  }
}

async function isAnybodyErased(eventLog: EventLog): Promise<boolean> {
  const marks = await eventLog.watermarks(privacyErasures)
  return marks.some(({ high }) => high > 0)
}
