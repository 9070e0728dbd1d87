import { accessDecisions, scoringState } from '../../../schemas/topics.ts'
import { partitionOf } from '../../runtime/log/partitioner.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import type { Enrich } from '../enrich/enrich.ts'
import { replay } from '../replay.ts'
import { subjectStage } from '../worker.ts'
import { recordsOf } from './in-memory.ts'

/** Subjects whose state the detectors make, and decisions of each on average: enough to fill most of what is kept. */
const SUBJECTS = 10_000
const DECISIONS = 40
const APPEND = 2000
const SUBJECT = 'subject/default/subject/user:'

/**
 * Fills the changelog of the first stage with the states of `count` entities:
 * those that the real detectors have of 10,000 people after 400,000 decisions,
 * each under as many names as it takes. Seeded: the same every time.
 */
export async function fillState(eventLog: EventLog, enrich: Enrich, count: number): Promise<void> {
  const subjects = Math.min(SUBJECTS, count)
  const records = recordsOf(subjects * DECISIONS, subjects)
  const first_offset = 0
  const last_offset = records.length - 1
  const part = { topic: accessDecisions, partition: 0, records, first_offset, last_offset }
  const states = replay(subjectStage(enrich), [part]).outputs.filter(
    ({ topic, key }) => topic === scoringState && key.startsWith(SUBJECT),
  )
  const partitions = eventLog.partitions(scoringState)
  let batch: OutRecord[] = []
  for (let index = 0; index < count; index++) {
    const state = states[index % states.length]
    if (state === undefined) return
    const entity = `default/subject/user:${Math.floor(index / states.length)}-${state.key.slice(SUBJECT.length)}`
    const partition = partitionOf(entity, partitions)
    batch.push({ topic: scoringState, key: `subject/${entity}`, value: state.value, partition })
    if (batch.length < APPEND && index < count - 1) continue
    await eventLog.append(batch, { independent: true })
    batch = []
  }
}
