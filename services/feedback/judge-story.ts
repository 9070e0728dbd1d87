import { Story } from '../../schemas/story.ts'
import { accessStories, analystVerdicts } from '../../schemas/topics.ts'
import type { Verdict } from '../../schemas/verdict.ts'
import { GatewatchError } from '../runtime/errors.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../runtime/log/json-record.ts'
import { type Judgement, verdictsOnStory } from './verdicts.ts'

/** Writes a verdict on a story straight to the log; resolves when it is durable. Throws ERR_USAGE for a story that can't be judged. */
export async function judgeStory(
  eventLog: EventLog,
  id: string,
  judgement: Judgement,
): Promise<{ story: Story; verdicts: Verdict[] }> {
  const table = await eventLog.openTable(accessStories)
  try {
    await table.caughtUp()
    for (const [key, value] of table.entries()) {
      if (!key.endsWith(`/${id}`)) continue
      const story = readRecord(Story, { value })
      if (!story) break
      if (story.state === 'merged')
        throw new GatewatchError(
          'ERR_USAGE',
          `Story ${id} became part of ${story.merged_into ?? 'another story'}; judge that one.`,
        )
      const verdicts = verdictsOnStory(story, judgement)
      await eventLog.append(verdicts.map((verdict) => jsonRecord(analystVerdicts, verdict)))
      return { story, verdicts }
    }
  } finally {
    await table.close()
  }
  throw new GatewatchError('ERR_USAGE', `There is no story ${id}; the console and the stories API list them.`)
}
