import type { z } from 'zod'
import { Finding } from '../../../schemas/finding.ts'
import { RiskState } from '../../../schemas/risk.ts'
import { Story } from '../../../schemas/story.ts'
import { accessFindings, accessStories, riskState } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { readRecord } from '../../runtime/log/json-record.ts'
import { endOf, readBetween } from '../feed/tail.ts'

/** The newest findings held for the API; older ones are in the store. */
const MAX_FINDINGS = 5000
/** How much of each partition is read at the start. */
const TAIL_RECORDS = 3000

/** What the API answers from: the compacted topics, and the newest findings. */
export interface Views {
  stories(tenant: string | undefined): Iterable<Story>
  story(tenant: string | undefined, id: string): Story | undefined
  risks(tenant: string): Iterable<RiskState>
  risk(key: string): RiskState | undefined
  /** Newest first. Reads what was added since it was last asked. */
  findings(): Promise<readonly Finding[]>
  finding(id: string): Promise<Finding | undefined>
  close(): Promise<void>
}

export async function openViews(eventLog: EventLog): Promise<Views> {
  const [stories, states] = await Promise.all([
    eventLog.openTable(accessStories),
    eventLog.openTable(riskState),
  ])
  const findings = new Map<string, Finding>()
  const position = (await endOf(eventLog, accessFindings)).map((end) => Math.max(0, end - TAIL_RECORDS))
  let reading: Promise<void> = Promise.resolve()

  async function readNew(): Promise<void> {
    const end = await endOf(eventLog, accessFindings)
    for await (const { record, partition } of readBetween(eventLog, accessFindings, [...position], end)) {
      position[partition] = record.offset + 1
      const finding = parse(record.value ?? undefined, Finding)
      if (!finding) continue
      findings.delete(finding.id)
      findings.set(finding.id, finding)
      const oldest = findings.size > MAX_FINDINGS ? findings.keys().next().value : undefined
      if (oldest !== undefined) findings.delete(oldest)
    }
  }

  /** One reader at a time; who comes meanwhile gets a read of their own after it, so that nobody sees too little. */
  async function refreshed(): Promise<ReadonlyMap<string, Finding>> {
    reading = reading.catch(() => undefined).then(readNew)
    await reading
    return findings
  }

  return {
    *stories(tenant) {
      for (const [, value] of stories.entries(tenant === undefined ? undefined : `${tenant}/`)) {
        const story = parse(value, Story)
        if (story) yield story
      }
    },
    story(tenant, id) {
      if (tenant !== undefined) return parse(stories.get(`${tenant}/${id}`), Story)
      for (const [key, value] of stories.entries()) if (key.endsWith(`/${id}`)) return parse(value, Story)
      return undefined
    },
    *risks(tenant) {
      for (const [, value] of states.entries(`${tenant}/`)) {
        const state = parse(value, RiskState)
        if (state) yield state
      }
    },
    risk: (key) => parse(states.get(key), RiskState),
    findings: async () =>
      [...(await refreshed()).values()].sort((a, b) => (a.observed_at < b.observed_at ? 1 : -1)),
    finding: async (id) => (await refreshed()).get(id),
    async close() {
      await reading.catch(() => undefined)
      await Promise.all([stories.close(), states.close()])
    },
  }
}

function parse<T>(value: Uint8Array | undefined, schema: z.ZodType<T>): T | undefined {
  return readRecord(schema, { value: value ?? null })
}
