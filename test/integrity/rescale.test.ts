import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../schemas/decision.ts'
import {
  accessActivity,
  accessDecisions,
  accessFindings,
  accessScored,
  scoringSourceState,
  scoringState,
  type LogTopic,
} from '../../schemas/topics.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { replayDecisions } from '../../services/scoring/replay.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import { logDrivers } from '../support/log/log-drivers.ts'
import {
  CHROME,
  HOUR,
  LONDON_IP,
  MINUTE,
  NEW_YORK_IP,
  story,
  TOKYO_IP,
  type Part,
} from '../support/scoring/play.ts'
import { smallStages, startScoringWorker } from '../support/scoring/scoring-workers.ts'

type Keyed = readonly [key: string, value: string | null]

describe.each(logDrivers())('scoring on the $name log', ({ skip, ...log }) => {
  it.skipIf(skip)(
    'grows from one worker to three and shrinks again under load, workers killed in between, and every score, finding and state is that of one worker',
    async ({ onTestFinished }) => {
      const driver = await log.open()
      onTestFinished(() => driver.close())
      const eventLog = await driver.open()
      onTestFinished(() => eventLog.close())
      const first = await startScoringWorker(driver)
      const loaded = load(eventLog, longStory(), 60)

      const second = await startScoringWorker(driver)
      const third = await startScoringWorker(driver)
      await sleep(1500)
      await second.kill()
      const fourth = await startScoringWorker(driver)
      // While partitions are on their way to it.
      await sleep(200 + Math.random() * 400)
      await third.kill()
      const fifth = await startScoringWorker(driver)
      await sleep(1000)
      await first.kill()
      await sleep(500)
      await fifth.stop()
      await loaded
      await untilCaughtUp(eventLog, [
        ['scoring', accessDecisions],
        ['scoring-source', accessActivity],
      ])
      await fourth.stop()

      const stages = smallStages()
      const replayed = new Map<LogTopic, Keyed[]>()
      await replayDecisions(eventLog, stages, {
        told({ topic, key, value }) {
          const records = replayed.get(topic) ?? []
          records.push([key, value === null ? null : textOf(value)])
          replayed.set(topic, records)
        },
      })
      const given = (topic: LogTopic) => replayed.get(topic) ?? []

      expect(given(accessFindings).length).toBeGreaterThan(20)
      for (const topic of [accessScored, accessActivity, accessFindings]) {
        const logged = await recordsOf(eventLog, topic)
        expect(logged.map(([key, value]) => `${key} ${value}`).toSorted()).toEqual(
          given(topic)
            .map(([key, value]) => `${key} ${value}`)
            .toSorted(),
        )
      }
      for (const [topic, input] of [
        [scoringState, accessDecisions],
        [scoringSourceState, accessActivity],
      ] as const) {
        const state = newest(await recordsOf(eventLog, topic))
        expect(state).toEqual(newest(given(topic)))
        // Some of those who came are remembered, and some are forgotten.
        const came = new Set((await recordsOf(eventLog, input)).map(([key]) => key))
        const remembered = [...state.keys()].filter((key) => came.has(key.slice(key.indexOf('/') + 1)))
        expect(remembered.length).toBeGreaterThan(3)
        expect(remembered.length).toBeLessThan(came.size)
      }
      // Every subject's scores in the order of its decisions.
      const order = (records: readonly Keyed[]) => Map.groupBy(records, ([key]) => key)
      expect(order(await recordsOf(eventLog, accessScored))).toEqual(order(given(accessScored)))
    },
  )
})

/** People at work for two days, some attacks of every kind, and names that somebody guesses. */
function longStory(): Decision[] {
  const people = Array.from({ length: 150 }, (_, who): Part => {
    const everyMs = 2 * HOUR + who * MINUTE
    const fromMs = (who % 50) * 7 * MINUTE + (who > 120 ? 30 * HOUR : 0)
    const times = who % 3 === 0 ? 20 : 8
    return { who: `person-${who}`, fromMs, everyMs, times }
  })
  const burst = Array.from({ length: 12 }, (_, who): Part => {
    const fromMs = who * 3 * HOUR
    return { who: `mallory-${who}`, fromMs, everyMs: 200, times: 60, each: () => ({ outcome: 'deny' }) }
  })
  const guessed = Array.from({ length: 600 }, (_, index): Part => {
    const context = { ip: index % 2 === 0 ? NEW_YORK_IP : `203.0.${index % 90}.7`, user_agent: CHROME }
    return {
      who: `guess-${index}`,
      fromMs: 5 * HOUR + index * 3 * MINUTE,
      each: () => ({
        outcome: 'deny',
        reasons: ['credentials_rejected'],
        action: { name: 'sign_in' },
        context,
      }),
    }
  })
  const taken = Array.from({ length: 10 }, (_, who): Part[] => [
    {
      who: `bob-${who}`,
      fromMs: who * 4 * HOUR,
      everyMs: 1000,
      times: 20,
      each: () => ({ outcome: 'deny', reasons: ['credentials_rejected'], action: { name: 'sign_in' } }),
    },
    { who: `bob-${who}`, fromMs: who * 4 * HOUR + 30_000, each: () => ({ action: { name: 'sign_in' } }) },
  ]).flat()
  const travelled = Array.from({ length: 20 }, (_, who): Part => {
    const ip = who % 2 === 0 ? TOKYO_IP : LONDON_IP
    const fromMs = 10 * HOUR + who * MINUTE
    return { who: `person-${who}`, fromMs, each: () => ({ context: { ip, user_agent: CHROME } }) }
  })
  return story(...people, ...burst, ...guessed, ...taken, ...travelled)
}

/** Appends in order, a few at a time, so that workers come and go meanwhile. */
async function load(eventLog: EventLog, decisions: readonly Decision[], at: number): Promise<void> {
  for (let index = 0; index < decisions.length; index += at) {
    await eventLog.append(decisions.slice(index, index + at).map((each) => jsonRecord(accessDecisions, each)))
    await sleep(60)
  }
}

async function recordsOf(eventLog: EventLog, topic: LogTopic): Promise<Keyed[]> {
  const all: Keyed[] = []
  for (const { partition } of await eventLog.watermarks(topic)) {
    for await (const records of eventLog.read(topic, { partition })) {
      for (const { key, value } of records) all.push([key, value === null ? null : textOf(value)])
    }
  }
  return all
}

/** What a compacted topic keeps. */
function newest(records: readonly Keyed[]): Map<string, string> {
  const kept = new Map<string, string>()
  for (const [key, value] of records) {
    kept.delete(key)
    if (value !== null) kept.set(key, value)
  }
  return kept
}

function textOf(value: Uint8Array | string): string {
  return Buffer.from(value).toString('latin1')
}
