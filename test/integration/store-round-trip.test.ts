import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHash, personalHash } from '../../schemas/chain.ts'
import { openDecisionRows, type Row } from '../../schemas/clickhouse/decision-row.ts'
import { PINNED_EVERY } from '../../schemas/clickhouse/stored-chain.ts'
import { fromStoreInstant } from '../../schemas/clickhouse/instant.ts'
import { Finding } from '../../schemas/finding.ts'
import { RiskState } from '../../schemas/risk.ts'
import { ScoredDecision } from '../../schemas/scored-decision.ts'
import { Story } from '../../schemas/story.ts'
import { Verdict } from '../../schemas/verdict.ts'
import { jsonLine } from '../../services/storage/json-block.ts'
import { insertBlock } from '../../services/storage/insert.ts'
import { findingRow } from '../../services/storage/rows/finding-row.ts'
import { riskStateRow } from '../../services/storage/rows/risk-state-row.ts'
import { storyRow } from '../../services/storage/rows/story-row.ts'
import { verdictRow } from '../../services/storage/rows/verdict-row.ts'
import { scoredDecision } from '../support/events/decision-arbitrary.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { onEveryStore } from '../support/store/every-store.ts'
import { rowsOf } from '../support/store/temp-engine.ts'
import { readFile } from 'node:fs/promises'

const now = Date.now()
const rows = openDecisionRows()

/** Scores are kept in single precision: compared as that. */
function single<T extends { scores: Record<string, number> }>(scored: T): T {
  const scores = Object.entries(scored.scores).map(([id, score]) => [id, Math.fround(score)])
  return { ...scored, scores: Object.fromEntries(scores) }
}

async function golden(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(`../golden/v1/${name}.json`, import.meta.url), 'utf8'))
}

onEveryStore('socket', (store) => {
  describe('decisions', () => {
    it('has a column for every field of the schema, and none besides', async () => {
      const columns = await rowsOf<{ name: string }>(
        store().client,
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'decisions'",
      )
      expect(columns.map(({ name }) => name).sort()).toEqual([...rows.columns].sort())
    })

    it('gives every decision back as it went in, and the same chain hash from its columns alone', async () => {
      // given 400 decisions of any shape, chained by hashes over themselves
      const samples = fc.sample(scoredDecision, { numRuns: 400, seed: 7 }).map(({ decision, ...rest }, n) => {
        const salt = n.toString(16).padStart(32, '0')
        const unchained = { ...decision, id: `d${n}` }
        const personal_hash = personalHash(unchained, salt)
        const prev = n.toString(16).padStart(64, '0')
        const chain = { prev, salt, personal_hash, hash: chainHash(prev, unchained, personal_hash) }
        return { ...rest, decision: { ...unchained, chain } }
      })
      const prevOf = new Map(samples.map(({ decision }) => [decision.id, decision.chain.prev]))

      // when they are stored and selected
      await storeDecisions(store().client, 'round-trip', samples, now)
      const selected = await rowsOf<Row>(store().client, "SELECT * FROM decisions WHERE chain_salt != ''")

      // then each is what it was, the hash included
      const byId = new Map(
        selected.map((row) => {
          const id = String(row['id'])
          return [id, ScoredDecision.parse(rows.toScored(row, prevOf.get(id)))]
        }),
      )
      expect(byId.size).toBe(400)
      // and most rows keep none of the hashes that they were worked out from
      const kept = selected.filter((row) => row['chain_prev'] !== '')
      const pinned = samples.filter(
        ({ decision: { pep } }) => pep?.seq === undefined || pep.seq % PINNED_EVERY === 0,
      )
      expect(kept.length).toBe(pinned.length)
      for (const scored of samples) {
        const back = byId.get(scored.decision.id)
        expect(back && single(back)).toEqual(single(scored))
      }
    })

    it('keeps what is absent apart from what is empty', async () => {
      const base = ScoredDecision.parse(await golden('scored-decision'))
      const bare = {
        schema_version: 1 as const,
        outcome: 'permit' as const,
        tenant: 't',
        origin: 'live' as const,
      }
      const rest = {
        decided_at: '2026-01-31T09:30:00.000Z',
        action: { name: 'read' },
        resource: { type: 'http', id: 'x' },
      }
      const absent = { ...bare, ...rest, id: 'absent', subject: { type: 'user' as const, id: 'alice' } }
      const empty = {
        ...absent,
        id: 'empty',
        reasons: [],
        policy: { inputs: {} },
        device: {},
        context: { user_agent: '', http: {} },
        unmapped: {},
        subject: { ...absent.subject, groups: [], amr: [''] },
      }
      const both = [absent, empty].map((decision) => ({ ...base, decision }))
      await storeDecisions(store().client, 'empty', both, now)
      const back = await rowsOf<Row>(
        store().client,
        "SELECT * FROM decisions WHERE id IN ('absent', 'empty') ORDER BY id",
      )
      expect(back.map((row) => ScoredDecision.parse(rows.toScored(row)).decision)).toEqual([absent, empty])
    })

    it('stores half a surrogate pair as U+FFFD, and no row beside it suffers', async () => {
      const base = ScoredDecision.parse(await golden('scored-decision'))
      const odd = {
        ...base,
        decision: { ...base.decision, id: 'odd', subject: { type: 'user' as const, id: 'a\ud800' } },
      }
      const even = { ...base, decision: { ...base.decision, id: 'even' } }
      await storeDecisions(store().client, 'surrogate', [odd, even], now)
      const back = await rowsOf(
        store().client,
        "SELECT id, subject_id FROM decisions WHERE id IN ('odd', 'even') ORDER BY id",
      )
      expect(back).toEqual([
        { id: 'even', subject_id: base.decision.subject.id },
        { id: 'odd', subject_id: 'a\ufffd' },
      ])
    })
  })

  describe.each([
    ['findings', 'finding', Finding, findingRow],
    ['stories', 'story', Story, storyRow],
    ['risk_states', 'risk-state', RiskState, riskStateRow],
    ['verdicts', 'verdict', Verdict, verdictRow],
  ] as const)('%s', (table, file, schema, toRow) => {
    it('has a column for all that its row builder makes, and every value comes back', async () => {
      const value = schema.parse(await golden(file))
      const row: Row = (toRow as (value: unknown, at: number) => Row)(value, now)
      const columns = await rowsOf<{ name: string; type: string }>(
        store().client,
        `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'`,
      )
      expect(columns.map(({ name }) => name).sort()).toEqual(Object.keys(row).sort())
      const body = { format: 'JSONEachRow', parts: [jsonLine(row)] } as const
      await insertBlock(store().client, { table, token: 'golden', rows: 1, body })
      expect(await rowsOf(store().client, `SELECT * FROM ${table}`)).toEqual([row])
    })
  })
})

it('instants in the store read back as the instants they were', () => {
  expect(fromStoreInstant('2026-01-31 09:30:00.123')).toBe('2026-01-31T09:30:00.123Z')
})
