import { expect, it } from 'vitest'
import { accessDecisions, deadLetterOf } from '../../../schemas/topics.ts'
import type { LogRecord } from '../../../services/runtime/log/event-log.ts'
import { blocksOf } from '../../../services/storage/blocks-of.ts'
import { openDecisionThread } from '../../../services/storage/decisions/decision-thread.ts'
import { openStoredTopics } from '../../../services/storage/tables.ts'

const topic = deadLetterOf(accessDecisions)
const stored = new Map(openStoredTopics(openDecisionThread()).map((one) => [one.topic.name, one]))
const types = { of: () => Promise.resolve(new Map<string, string>()), forget: () => undefined }

async function cut(records: readonly LogRecord[]) {
  const part = { topic, partition: 0, records, first_offset: 0, last_offset: records.length - 1 }
  const blocks = []
  for await (const block of blocksOf({ parts: [part], token: 't' }, stored, types)) blocks.push(block)
  return blocks
}

const records = (count: number, value: Uint8Array): LogRecord[] =>
  Array.from({ length: count }, (_, offset) => ({ offset, key: 'k', value, headers: {}, appended_ms: 0 }))

it('cuts a batch of large records so that the engine takes each block, always at the same rows', async () => {
  const large = records(1_000, Buffer.alloc(65_536))
  const blocks = await cut(large)
  expect(blocks.map(({ rows }) => rows)).toEqual([640, 360])
  expect(blocks.map(({ token }) => token)).toEqual(['t/0', 't/640'])
  for (const { body } of blocks) {
    const bytes = body.parts.reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeLessThan(64 * 1024 * 1024)
  }
  expect((await cut(large)).map(({ rows }) => rows)).toEqual([640, 360])
})

it('cuts a batch of many small records by their number', async () => {
  const blocks = await cut(records(20_000, Buffer.from('{}')))
  expect(blocks.map(({ rows, token }) => [rows, token])).toEqual([
    [16_384, 't/0'],
    [3_616, 't/16384'],
  ])
})
