import { accessActivity, accessDecisions, accessFindings, analystVerdicts } from '../../../schemas/topics.ts'
import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import type { Running } from '../../../services/runtime/runtime.ts'

/** The groups whose lag makes risk old, reading as fast as scoring and feedback would at their best. */
export async function readersThatKeepUp(eventLog: EventLog): Promise<Running> {
  const groups = [
    ['scoring', [accessDecisions]],
    ['scoring-source', [accessActivity]],
    ['feedback', [accessFindings, analystVerdicts]],
  ] as const
  const readers = await Promise.all(
    groups.map(([group, topics]) => eventLog.consume({ group, topics: [...topics], handle: () => [] })),
  )
  return {
    async stop() {
      await Promise.all(readers.map((reader) => reader.stop()))
    },
  }
}
