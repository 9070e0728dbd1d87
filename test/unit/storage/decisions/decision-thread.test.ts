import { readFile } from 'node:fs/promises'
import { expect, it, onTestFinished } from 'vitest'
import { accessScored } from '../../../../schemas/topics.ts'
import type { Place } from '../../../../services/storage/block.ts'
import { DecisionBlock } from '../../../../services/storage/decisions/decision-block.ts'
import { openDecisionThread } from '../../../../services/storage/decisions/decision-thread.ts'
import { openScanPlan } from '../../../../services/storage/decisions/scan-plan.ts'

const types = new Map([
  ['id', 'String'],
  ['outcome', 'LowCardinality(String)'],
  ['reasons', 'Array(LowCardinality(String))'],
  ['scores', 'Map(LowCardinality(String), Float32)'],
  ['latency_us', 'Nullable(UInt32)'],
  ['decided_at', "DateTime64(3, 'UTC')"],
  ['ingested_at', "DateTime64(3, 'UTC')"],
  ['empty_fields', 'Array(LowCardinality(String))'],
])
const golden = await readFile(new URL('../../../golden/v1/scored-decision.json', import.meta.url), 'utf8')
const plain = JSON.stringify(JSON.parse(golden))

const place = (offset: number, value: string | null): Place => ({
  topic: accessScored,
  partition: 0,
  record: {
    offset,
    key: 'k',
    value: value === null ? null : Buffer.from(value),
    headers: {},
    appended_ms: Date.UTC(2026, 0, 31) + offset,
  },
})
/** More than go to the thread at once, and not a multiple. */
const places = Array.from({ length: 1_300 }, (_, n) =>
  place(n, plain.replace(/"latency_us":\d+/, `"latency_us":${n}`)),
)

function openThread() {
  const thread = openDecisionThread()
  onTestFinished(() => thread.close())
  return thread
}

it('makes the block that is made without a thread, whatever is made beside it', async () => {
  const thread = openThread()
  const here = new DecisionBlock(openScanPlan(), types)
  for (const { record } of places) expect(here.add(record).kind).toBe('ok')

  const [one, other] = [thread.open(types, places.length), thread.open(types, 1)]
  await Promise.all([one.add(places), other.add(places.slice(0, 700))])
  const { format, parts } = await one.body()
  other.discard()

  expect(one.rows).toBe(places.length)
  expect(format).toBe('Native')
  expect(Buffer.concat(parts).equals(Buffer.concat(here.body().parts))).toBe(true)
})

it('makes a block in the room of those before it as if it were the first', async () => {
  const thread = openThread()
  const others = places.map(({ record: { offset } }) =>
    place(
      offset,
      plain
        .replace(/"latency_us":\d+,?/, '')
        .replace(/"outcome":"\w+"/, `"outcome":"deny"`)
        .replace(/"id":"/, `"id":"${offset % 400}`),
    ),
  )
  for (const made of [others, places, others.slice(0, 30), places.slice(40, 900)]) {
    const block = thread.open(types, made.length)
    expect(await block.add(made)).toEqual([])
    const fresh = new DecisionBlock(openScanPlan(), types)
    for (const { record } of made) fresh.add(record)
    expect(Buffer.concat((await block.body()).parts).equals(Buffer.concat(fresh.body().parts))).toBe(true)
    thread.open(types, 1).discard()
  }
})

it('says which records have no row, by their numbers, and leaves them out', async () => {
  const block = openThread().open(types, places.length)
  const mixed = places.with(3, place(3, null)).with(900, place(900, '{"decision":'))
  expect(await block.add(mixed)).toMatchObject([
    { index: 3, outcome: { kind: 'dead-letter' } },
    { index: 900, outcome: { kind: 'dead-letter', reason: 'invalid-json' } },
  ])
  expect(block.rows).toBe(places.length - 2)
})

it('a block that the thread can not make is a fault for who waits, and the next one is made', async () => {
  const thread = openThread()
  const wrong = thread.open(new Map([...types, ['id', 'UInt8']]), 1)
  await expect(wrong.add(places)).rejects.toThrow(/another kind of column/)
  const right = thread.open(types, 1)
  await right.add(places.slice(0, 1))
  expect((await right.body()).parts[0]?.length).toBeGreaterThan(0)
})

it('who waits for a thread that ends is told', async () => {
  const thread = openThread()
  const block = thread.open(types, places.length)
  const added = block.add(places)
  await Promise.all([expect(added).rejects.toThrow('has ended'), thread.close()])
})
