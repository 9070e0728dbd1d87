import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../../services/cli.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { sampleScored } from '../support/samples.ts'
import { storeDecisions } from '../support/store-decisions.ts'
import { startTempEngine } from '../support/temp-engine.ts'

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

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-usage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

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
  const store = await startTempEngine()
  try {
    await migrate(store.client, {})
    const scored = [
      permit('alice', 1, 'sales'),
      permit('alice', 40, 'sales'),
      permit('bob', 2, 'sales', 'wiki', 'wiki.all'),
      permit('carol', 45, 'old-team', 'crm', 'crm.old-team'),
    ]
    await storeDecisions(store.client, 'block', scored, now)
  } finally {
    await store.client.close()
    await store.reader.close()
    await store.engine.stop()
  }
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
        { rule_id: 'crm.sales', kind: 'group', name: 'sales', seen: 2, used: 1 },
        { rule_id: 'crm.old-team', kind: 'group', name: 'old-team', seen: 0, used: 0 },
      ],
      lapsed: [{ route_id: 'crm', people: 2, lapsed: 1 }],
    })
    const text = (await run('--days', '60')).stdout
    expect(text).toContain('Every rule matched somebody.')
    expect(text).toContain('group sales: 1 of 2 who came with it never came here')
  } finally {
    await rm(store.dataDir, { recursive: true, force: true })
  }
})
