import { parseDecision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import { promotionReport } from '../policy/promotion.ts'
import type { Promotion } from '../policy/promotion.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { parseJson } from '../runtime/log/json-record.ts'

/** Reads the kept decisions of a tenant's live traffic and reports on one route. Some 20 µs a decision. */
export async function readPromotion(
  eventLog: EventLog,
  tenant: string,
  route_id: string,
): Promise<Promotion> {
  const report = promotionReport(route_id)
  for (const { partition } of await eventLog.watermarks(accessDecisions)) {
    for await (const records of eventLog.read(accessDecisions, { partition })) {
      for (const record of records) {
        const json = parseJson(record)
        const decision = json.kind === 'ok' ? parseDecision(json.value).data : undefined
        if (decision?.tenant === tenant && decision.origin === 'live') report.add(decision)
      }
    }
  }
  return report.result()
}
