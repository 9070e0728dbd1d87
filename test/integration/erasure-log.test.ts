import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  accessFindings,
  accessScored,
  accessStories,
  privacyErasures,
  riskState,
} from '../../schemas/topics.ts'
import { namesOf, type Person } from '../../services/erasure/person.ts'
import { eraseByAppending } from '../../services/erasure/log-eraser.ts'
import { newErasure } from '../../services/erasure/main.ts'
import { erasingLog } from '../../services/runtime/erasures/erasing-log.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../services/runtime/log/json-record.ts'
import { eventually } from '../support/eventually.ts'
import { sampleFinding, sampleRisk, sampleScored, sampleStory } from '../support/events/samples.ts'

const SECRET = 'a key that every process has'
const alice: Person = {
  tenant: 'default',
  subject: { type: 'user', id: 'alice' },
  sessions: ['s-of-alice'],
  devices: [],
  addresses: ['198.51.100.7'],
  prefixes: ['198.51.100.0/24'],
}
const NOW = Date.now()
const before = new Date(NOW - 60_000).toISOString()
const since = new Date(NOW + 60_000).toISOString()

/** Taken for one that can't be rewritten; on Kafka itself: erasure-kafka.test.ts. */
async function openLog(): Promise<EventLog> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-erasure-log-'))
  const eventLog = await openEmbeddedLog({ directory, partitions: 4 })
  onTestFinished(async () => {
    await eventLog.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  })
  return eventLog
}

describe('a log that keeps its records', () => {
  it('answers what is compacted, says until when the rest stays, and is read and stored erased meanwhile', async () => {
    const eventLog = await openLog()
    // given records of two people, and one of alice from after the request
    const scored = (id: string, who: string, decided_at: string) =>
      jsonRecord(
        accessScored,
        sampleScored({
          id,
          decided_at,
          subject: { type: 'user', id: who, session_id: `s-of-${who}` },
          context: { ip: '198.51.100.7' },
        }),
      )
    const subject = (id: string) => ({ type: 'subject', id: `user:${id}` }) as const
    await eventLog.append([
      scored('d-alice', 'alice', before),
      scored('d-bob', 'bob', before),
      scored('d-later', 'alice', since),
      jsonRecord(
        accessFindings,
        sampleFinding({ id: 'f-alice', observed_at: before, summary: 'alice was refused' }),
      ),
      jsonRecord(
        accessStories,
        sampleStory({
          id: 's-both',
          observed_at: before,
          title: 'alice and bob',
          entities: [subject('bob'), subject('alice')],
        }),
      ),
      jsonRecord(riskState, sampleRisk({ updated_at: before, entity: subject('alice') })),
      jsonRecord(riskState, sampleRisk({ updated_at: before, entity: subject('bob') })),
    ])

    // when alice is erased
    const erasure = newErasure(alice, SECRET, { requested_by: 'office', now_ms: NOW })
    expect(JSON.stringify(erasure)).not.toMatch(/alice|198\.51/)
    await eventLog.append([jsonRecord(privacyErasures, erasure)])
    const erased = () =>
      eraseByAppending(eventLog, namesOf(alice), NOW, () => {}, [
        accessScored,
        accessFindings,
        accessStories,
        riskState,
      ])
    const { counts, remaining } = await erased()

    // then tables hold her no more, and what stays says for how long
    expect(counts).toEqual({ [accessStories.name]: 1, [riskState.name]: 1 })
    expect(remaining.map(({ topic, records }) => [topic, records])).toEqual([
      [accessScored.name, 2],
      [accessFindings.name, 1],
    ])
    const [decisions] = remaining
    expect(Date.parse(decisions?.until ?? '')).toBeGreaterThan(NOW + accessScored.retention_ms - 60_000)
    const risk = await eventLog.openTable(riskState)
    await risk.caughtUp()
    expect([...risk.entries()].map(([key]) => key)).toEqual(['default/subject/user:bob'])
    const stories = await eventLog.openTable(accessStories)
    await stories.caughtUp()
    const story = readRecord(accessStories.schema, { value: stories.get('default/s-both') ?? null })
    expect(story).toMatchObject({ title: 'erased and bob', entities: [subject('bob'), subject('erased')] })
    // and a second time there is nothing to answer
    expect((await erased()).counts).toEqual({})

    // and who reads the topics from their beginning gets her erased, others as they are, and what came after the request by name
    const read = new Map<string, unknown>()
    const consumption = await erasingLog(eventLog, () => Promise.resolve(SECRET)).consume({
      group: 'storage',
      topics: [accessScored, accessFindings],
      handle: ({ parts }) => {
        for (const { records } of parts)
          for (const { key, value } of records) {
            const json = JSON.parse(Buffer.from(value ?? []).toString())
            read.set(json.id ?? json.decision.id, [key, json])
          }
        return []
      },
    })
    onTestFinished(() => consumption.stop())
    await eventually('everything read', () => read.size === 4)
    const decision = (who: object, context?: object) => ({
      decision: { subject: who, ...(context && { context }) },
    })
    expect(read.get('d-alice')).toMatchObject([
      'default/subject/user:erased',
      { ...decision({ type: 'user', id: 'erased' }), enrichment: { source: { prefix: '', city: '' } } },
    ])
    expect(JSON.stringify(read.get('d-alice'))).not.toMatch(/s-of-alice|198\.51|Lisbon/)
    expect(read.get('d-bob')).toMatchObject([
      'default/subject/user:bob',
      decision({ id: 'bob' }, { ip: '198.51.100.7' }),
    ])
    expect(read.get('d-later')).toMatchObject(['default/subject/user:alice', decision({ id: 'alice' })])
    expect(read.get('f-alice')).toMatchObject([
      'default/subject/user:erased',
      { entity: { id: 'user:erased' }, evidence: {} },
    ])
  })

  it('is read by nobody whose key is another one', async () => {
    const eventLog = await openLog()
    const erasure = newErasure(alice, SECRET, { requested_by: 'office', now_ms: NOW })
    await eventLog.append([
      jsonRecord(privacyErasures, erasure),
      jsonRecord(accessScored, sampleScored({ id: 'd-1', decided_at: before })),
    ])
    const strange = erasingLog(eventLog, () => Promise.resolve('another key'))
    const all = async () => {
      for (const { partition } of await strange.watermarks(accessScored))
        for await (const records of strange.read(accessScored, { partition })) expect(records).toEqual([])
    }
    await expect(all()).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  })
})
