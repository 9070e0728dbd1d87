import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PolicyRevision } from '../../schemas/policy.ts'
import { policyRevisions } from '../../schemas/topics.ts'
import { runCli } from '../../services/cli.ts'
import { policyRoutes, type PolicyUsageAnswer } from '../../services/console/policy/routes.ts'
import { storeOf } from '../../services/console/store/store.ts'
import { parseSource } from '../../services/policy/source.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { sampleScored } from '../support/events/samples.ts'
import { storeDecisions } from '../support/store/store-decisions.ts'
import { startTempEngine } from '../support/store/temp-engine.ts'

const DAY = 86_400_000
const POLICY = `version: 1
policy: intranet
routes:
  - id: crm
    host: crm.localhost
    path: /**
    upstream: http://127.0.0.1:9
    app: crm
    rules:
      - { id: sales, when: "'sales' in subject.groups", outcome: permit }
      - { id: old-team, when: "'old-team' in subject.groups", outcome: permit }
`

const REVISION = 'b'.repeat(64)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-usage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the console answers before anything is known of a policy, and after. */
async function inConsole(
  { reader }: Awaited<ReturnType<typeof startTempEngine>>,
  happens: () => Promise<unknown>,
): Promise<readonly [none: PolicyUsageAnswer, some: PolicyUsageAnswer]> {
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'log'), partitions: 1 })
  const app = fastify()
  const store = storeOf(reader, 30)
  const questions: string[] = []
  try {
    policyRoutes(app, {
      store: (what, ...rest) => {
        questions.push(what)
        return store(what, ...rest)
      },
      eventLog,
    })
    const ask = async () => {
      const response = await app.inject('/api/v1/policy-usage')
      return response.json<PolicyUsageAnswer>()
    }
    const none = await ask()
    const record = PolicyRevision.parse({
      schema_version: 1,
      tenant: 'default',
      policy: 'intranet',
      revision: REVISION,
      document: parseSource(POLICY, 'intranet.yaml').value,
      applied_at: new Date().toISOString(),
      applied_by: 'gw-1',
    })
    const other = {
      ...record,
      policy: 'outer',
      revision: 'c'.repeat(64),
      applied_at: '2026-01-01T00:00:00.000Z',
    }
    await eventLog.append([record, other].map((each) => jsonRecord(policyRevisions, each)))
    await happens()
    const some = await ask()
    // How they are used is asked once for all, whom each blocks for each.
    expect(questions.filter((what) => what === 'the use of policies').length).toBe(4)
    expect(questions.length).toBe(6)
    return [none, some]
  } finally {
    await app.close()
    await eventLog.close()
  }
}

let answer: readonly [PolicyUsageAnswer, PolicyUsageAnswer]

it('gatewatch policy usage: what the store knows of rules that matched nobody and of access that nobody uses', async () => {
  const now = Date.now()
  const permit = (who: string, days: number, group: string, route = 'crm', rule = 'crm.sales') =>
    sampleScored({
      id: `${who}-${days}-${route}`,
      decided_at: new Date(now - days * DAY).toISOString(),
      outcome: 'permit',
      subject: { type: 'user', id: who, groups: [group] },
      policy: { revision: 'a'.repeat(64), rule_id: rule, route_id: route },
    })
  const refused = (who: string, hours: number, reason: 'no_rule_matched' | 'risk_high', over: object = {}) =>
    sampleScored({
      id: `${who}-refused-${hours}`,
      decided_at: new Date(now - hours * 3_600_000).toISOString(),
      outcome: 'deny',
      reasons: [reason],
      subject: { type: 'user', id: who, groups: ['sales'] },
      policy: { revision: REVISION, route_id: 'crm', ...over },
    })
  const back = permit('dora', 0, 'sales')
  const store = await startTempEngine()
  try {
    await migrate(store.client, {})
    const scored = [
      permit('alice', 1, 'sales'),
      permit('alice', 40, 'sales'),
      permit('bob', 2, 'sales', 'wiki', 'wiki.all'),
      permit('carol', 45, 'old-team', 'crm', 'crm.old-team'),
    ]
    // Of these people all are established but eve, who came on one day; dora gets in again, frank is refused for risk.
    const people = [
      ...['dora', 'erin', 'frank', 'gina'].flatMap((who) => [3, 2].map((days) => permit(who, days, 'sales'))),
      permit('eve', 3, 'sales'),
      refused('dora', 5, 'no_rule_matched'),
      {
        ...back,
        decision: { ...back.decision, policy: { revision: REVISION, route_id: 'crm', rule_id: 'crm.sales' } },
      },
      refused('erin', 3, 'no_rule_matched', { shadow: { revision: 'a'.repeat(64), outcome: 'permit' } }),
      refused('erin', 2, 'no_rule_matched'),
      refused('eve', 3, 'no_rule_matched'),
      refused('frank', 3, 'risk_high'),
    ]
    await storeDecisions(store.client, 'block', scored, now)
    answer = await inConsole(store, () => storeDecisions(store.client, 'people', people, now))
  } finally {
    await store.client.close()
    await store.reader.close()
    await store.engine.stop()
  }
  expect(answer[0]).toEqual({ days: 30, kept_since: null, policies: [] })
  expect(answer[1].policies.map(({ policy }) => policy)).toEqual(['intranet', 'outer'])
  expect(answer[1].policies[0]).toMatchObject({
    policy: 'intranet',
    revision: REVISION,
    usage: { rules: 2, unmatched: [{ rule_id: 'crm.old-team' }] },
  })
  expect(
    answer[1].policies[0]?.blocked.people.map(
      ({ subject_id, reason, old_outcome, in_again, decision_id }) => [
        subject_id,
        reason,
        old_outcome,
        in_again,
        decision_id,
      ],
    ),
  ).toEqual([
    ['erin', 'no_rule_matched', 'permit', false, 'erin-refused-3'],
    ['dora', 'no_rule_matched', null, true, 'dora-refused-5'],
  ])
  const file = join(folder, 'intranet.yaml')
  await writeFile(file, POLICY)
  const run = async (...flags: string[]) => {
    let stdout = ''
    let code = 0
    const io = {
      stdout: { write: (text: string) => ((stdout += text), true) },
      stderr: { write: () => true },
    }
    await runCli(['--data-dir', store.dataDir, 'policy', 'usage', file, ...flags], io, {}, (exit) => {
      code = exit
    })
    return { code, stdout }
  }
  try {
    const { code, stdout } = await run('--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      kept_since: new Date(now - 45 * DAY).toISOString().slice(0, 10),
      rules: 2,
      unmatched: [{ rule_id: 'crm.old-team', last_at: new Date(now - 45 * DAY).toISOString().slice(0, 10) }],
      unused: [
        { rule_id: 'crm.sales', kind: 'group', name: 'sales', seen: 7, used: 6 },
        { rule_id: 'crm.old-team', kind: 'group', name: 'old-team', seen: 0, used: 0 },
      ],
      lapsed: [{ route_id: 'crm', people: 7, lapsed: 1 }],
    })
    const text = (await run('--days', '60')).stdout
    expect(text).toContain('Every rule matched somebody.')
    expect(text).toContain('group sales: 1 of 7 who came with it never came here')
  } finally {
    await rm(store.dataDir, { recursive: true, force: true })
  }
})
