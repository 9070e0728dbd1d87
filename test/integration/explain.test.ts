import { afterAll, beforeAll, expect, it } from 'vitest'
import { Policy, type PolicyRevision } from '../../schemas/policy.ts'
import { accessFindings, accessScored, policyRevisions, riskState } from '../../schemas/topics.ts'
import { runCli } from '../../services/cli.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { openTokens } from '../../services/runtime/tokens.ts'
import { type ConsoleStack, startConsoleStack } from '../support/console/console-stack.ts'
import { readEvents } from '../support/collector/event-source.ts'
import { sampleFinding, sampleRisk, sampleScored } from '../support/events/samples.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'

const AT = Date.now()
const at = (ms: number) => new Date(AT + ms).toISOString()
const refusal = sampleScored({
  id: 'd-refused',
  decided_at: at(2000),
  outcome: 'deny',
  caused_by: 'risk_feedback',
  reasons: ['risk_high'],
  risk_at_decision: { score: 82, level: 'HIGH', revision: 7, age_ms: 4 },
  policy: { revision: 'a'.repeat(64), rule_id: 'staff', route_id: 'records', enforcement: 'enforce' },
})
const revision: PolicyRevision = {
  schema_version: 1,
  tenant: 'default',
  policy: 'intranet',
  revision: 'a'.repeat(64),
  document: Policy.parse({
    version: 1,
    policy: 'intranet',
    contact: 'security@example.org',
    routes: [
      {
        id: 'records',
        host: 'records.localhost',
        path: '/**',
        upstream: 'http://127.0.0.1:9',
        app: 'records',
        rules: [{ id: 'staff', description: 'Staff read records.', when: 'true', outcome: 'permit' }],
      },
    ],
  }),
  applied_at: at(-1000),
  applied_by: 'gw-1',
}
let stack: ConsoleStack

beforeAll(async () => {
  stack = await startConsoleStack()
  await stack.runtime.eventLog.append([
    jsonRecord(accessScored, sampleScored({ id: 'd-1', decided_at: at(0) })),
    jsonRecord(accessFindings, sampleFinding({ id: 'f-1', observed_at: at(0), decision_ids: ['d-1'] })),
    jsonRecord(riskState, sampleRisk({ updated_at: at(500), revision: 7, score: 82, level: 'HIGH' })),
    jsonRecord(accessScored, refusal),
    jsonRecord(policyRevisions, revision),
  ])
})

afterAll(() => stack.stop())

async function explain(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { code: 0, out: '', err: '' }
  const io = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
  }
  await runCli(
    ['--data-dir', stack.runtime.dataDir, 'explain', ...args],
    io,
    {},
    (code) => (said.code = code),
  )
  return said
}

it('gatewatch explain says why, what had raised the risk and what would help, beside the running process', async () => {
  const { code, out } = await explain('d-refused')
  expect(code).toBe(0)
  expect(out).toContain('alice was refused GET /records/1 on records')
  expect(out).toContain('Strong signs of a compromise had been found')
  expect(out).toContain('What had raised the risk: Refused about 12 times within minutes')
  expect(out).toContain('What would help:')
})

it('says what the rule is for and whom to ask, from the policy that decided', async () => {
  const { out } = await explain('d-refused')
  expect(out).toContain('rule staff of route records: Staff read records, which asks for true.')
  expect(out).toContain('Ask security@example.org and give the decision id d-refused.')
})

it('says the same from the store as from the log, once everything is stored', async () => {
  const fresh = JSON.parse((await explain('d-refused', '--json')).out)
  await untilCaughtUp(
    stack.runtime.eventLog,
    [accessScored, accessFindings, riskState].map((topic) => ['storage', topic]),
  )
  const stored = JSON.parse((await explain('d-refused', '--json')).out)
  expect(stored.missing).toEqual([])
  expect(stored.why).toEqual(fresh.why)
  expect(stored.risk_findings).toEqual(fresh.risk_findings)
  expect(stored.decision).toEqual(fresh.decision)
})

it('an unknown id is one sentence and exit code 1', async () => {
  const { code, out, err } = await explain('d-nobody-knows')
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('No decision has this id')
})

it('the live stream of the console ends once its token is revoked', async () => {
  const tokens = await openTokens(stack.runtime.dataDir)
  const token = await tokens.create({ name: 'leaver', scopes: ['analyst'] })
  const stream = await readEvents(`${stack.url}api/v1/decisions/stream`, { authorization: `Bearer ${token}` })
  await expect.poll(() => stream.events.length).toBeGreaterThan(1)
  expect(stream.ended()).toBe(false)
  const leaver = (await tokens.list()).find(({ name }) => name === 'leaver')
  await tokens.revoke(leaver?.id ?? '')
  await expect.poll(() => stream.ended()).toBe(true)
  stream.close()
})
