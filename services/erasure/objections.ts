import type { Objection } from '../../schemas/erasure.ts'
import { accessStories, riskState } from '../../schemas/topics.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { readRecord } from '../runtime/log/json-record.ts'
import type { Names } from './person.ts'

/** Why not, as it is recorded, and in one sentence for whoever is asked. */
export interface Objected {
  readonly why: Objection
  readonly text: string
}

/**
 * Why a person had better not be erased now: an open story is an investigation,
 * whose evidence would be gone, and a restriction in force would be lifted.
 * One sentence each; whoever knows better says --force.
 */
export async function objections(
  eventLog: EventLog,
  names: Names,
  nowMs: number,
): Promise<readonly Objected[]> {
  const found: Objected[] = []
  const stories = await eventLog.openTable(accessStories)
  try {
    await stories.caughtUp()
    for (const [, value] of stories.entries(`${names.person.tenant}/`)) {
      const story = readRecord(accessStories.schema, { value })
      if (story?.state === 'open' && story.entities.some((entity) => names.has(entity)))
        found.push({
          why: 'story_open',
          text: `story ${story.id} about this subject is open: judge it first (gatewatch verdict)`,
        })
    }
  } finally {
    await stories.close()
  }
  const risk = await eventLog.openTable(riskState)
  try {
    await risk.caughtUp()
    for (const [, value] of risk.entries(`${names.person.tenant}/`)) {
      const state = readRecord(riskState.schema, { value })
      if (state === undefined || !names.has(state.entity)) continue
      const until = state.expires_at === null ? 0 : Date.parse(state.expires_at)
      if (state.required_action === 'revoke' || until > nowMs)
        found.push({
          why: 'restricted',
          text: `its ${state.entity.type} is restricted${state.expires_at === null ? '' : ` until ${state.expires_at}`}: erasing would lift that`,
        })
    }
  } finally {
    await risk.close()
  }
  return found.slice(0, 10)
}
