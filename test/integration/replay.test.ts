import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions, privacyErasures } from '../../schemas/topics.ts'
import { runCli } from '../../services/cli.ts'
import { rewriteFor } from '../../services/erasure/log-eraser.ts'
import { newErasure } from '../../services/erasure/main.ts'
import { namesOf } from '../../services/erasure/person.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { rewriteLog } from '../../services/runtime/log/embedded/rewrite.ts'
import { openSecret } from '../../services/runtime/secrets.ts'
import { compareReplay } from '../../services/scoring/compare-replay.ts'
import { ScoringConfig } from '../../services/scoring/config.ts'
import { openEnrich, scoringStages, startScoring } from '../../services/scoring/main.ts'
import { BERLIN_IP, CHROME, HOUR, MINUTE, story, TOKYO_IP } from '../support/scoring/play.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-replay-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const BERLIN = {
  cidr: '192.0.2.0/24',
  city: 'Berlin',
  country: 'DE',
  latitude: 52.52,
  longitude: 13.405,
  asn: 64500,
}
const TOKYO = {
  cidr: '203.0.113.0/24',
  city: 'Tokyo',
  country: 'JP',
  latitude: 35.68,
  longitude: 139.69,
  asn: 64504,
}

const RULE = `title: Something was deleted
logsource: { product: gatewatch }
detection:
  deletes: { action.name: delete }
  condition: deletes
level: high
`

/** Alice works in Berlin, and half an hour later somebody in Tokyo does as her; bob deletes something. */
function decisions(): Decision[] {
  return story(
    { who: 'alice', everyMs: 5 * MINUTE, times: 60 },
    { who: 'bob', everyMs: 7 * MINUTE, times: 40 },
    {
      who: 'alice',
      fromMs: 5 * HOUR + 20 * MINUTE,
      everyMs: MINUTE,
      times: 5,
      each: () => ({ context: { ip: TOKYO_IP, user_agent: CHROME } }),
    },
    {
      who: 'bob',
      fromMs: 6 * HOUR,
      each: () => ({ action: { name: 'delete' }, context: { ip: BERLIN_IP } }),
    },
  )
}

async function put(networks: readonly unknown[], list: string): Promise<void> {
  await writeFile(join(folder, 'networks.yaml'), stringify({ networks }, { aliasDuplicateObjects: false }))
  await writeFile(join(folder, 'exits.txt'), list)
}

function section(more: Record<string, unknown> = {}) {
  return {
    networks_file: join(folder, 'networks.yaml'),
    lists: [{ name: 'exits', kind: 'plain', file: join(folder, 'exits.txt') }],
    rules: { directory: join(folder, 'rules') },
    ...more,
  }
}

/** Scores the story with the operator's files as they are, and stops. */
async function scoreAll(): Promise<void> {
  await mkdir(join(folder, 'rules'))
  await writeFile(join(folder, 'rules', 'deletes.yml'), RULE)
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'data', 'log'), partitions: 2 })
  const runtime = {
    eventLog,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
    dataDir: join(folder, 'data'),
  }
  const scoring = await startScoring(runtime, ScoringConfig.parse(section()))
  await eventLog.append(decisions().map((each) => jsonRecord(accessDecisions, each)))
  await scoring.drained()
  await scoring.stop()
  await eventLog.close()
}

async function gatewatch(...args: readonly string[]) {
  const said = { out: '', err: '', code: 0 }
  const io = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
  }
  const env = { GATEWATCH_DATA_DIR: join(folder, 'data'), GATEWATCH_EVENT_LOG__PARTITIONS: '2' }
  await writeFile(join(folder, 'gatewatch.yaml'), stringify({ scoring: section() }))
  await runCli(['--config', join(folder, 'gatewatch.yaml'), ...args], io, env, (code) => {
    said.code = code
  })
  return said
}

it('finds what was found with the networks, lists and rules of then, byte for byte, though all three are others by now', async () => {
  await put([BERLIN, TOKYO], '203.0.113.0/24\n')
  await scoreAll()
  await put([{ ...BERLIN, city: 'Potsdam' }], '192.0.2.0/24\n')
  await writeFile(join(folder, 'rules', 'deletes.yml'), RULE.replace('delete }', 'read }'))

  const first = await gatewatch('replay', '--json')
  expect(first).toMatchObject({ code: 0, err: '' })
  const compared: unknown = JSON.parse(first.out)
  expect(compared).toMatchObject({
    looked_up: 0,
    erased: { decisions: 0, findings: 0 },
    other: [],
    missing: [],
    surplus: [],
    detectors: { 'known-bad-source': { logged: 1, both: 1 }, 'rule-deletes': { logged: 1, both: 1 } },
  })
  expect((await gatewatch('replay', '--json')).out).toBe(first.out)

  // The files do matter: looked up as they are now, the same log gives other findings.
  const eventLog = await openEmbeddedLog({ directory: join(folder, 'data', 'log'), partitions: 2 })
  const config = ScoringConfig.parse(section())
  const anew = await compareReplay(eventLog, scoringStages(await openEnrich(config), config))
  expect(anew.surplus.length + anew.other.length).toBeGreaterThan(0)
  await eventLog.close()
})

it('says what a candidate would change: facts that differ, findings that are gone, new or changed, by exit code where asked', async () => {
  await put([BERLIN, TOKYO], '203.0.113.0/24\n')
  await scoreAll()
  const candidate = join(folder, 'candidate.yaml')
  const tryOut = async (scoring: Record<string, unknown>, ...flags: readonly string[]) => {
    await writeFile(candidate, stringify({ scoring }))
    return gatewatch('replay', '--candidate', candidate, ...flags)
  }

  const alike = await tryOut(section(), '--exit-code')
  expect(alike).toMatchObject({ code: 0, err: '' })
  expect(alike.out).toMatch(/^Facts: as they were looked up then\.$/m)
  expect(alike.out).toMatch(/ 0 gone, 0 new, 0 changed\.\n$/)

  await writeFile(join(folder, 'others.yaml'), stringify({ networks: [BERLIN, { ...TOKYO, shared: true }] }))
  await mkdir(join(folder, 'more-rules'))
  await writeFile(join(folder, 'more-rules', 'reads.yml'), RULE.replace('delete }', 'read }'))
  const other = section({
    networks_file: join(folder, 'others.yaml'),
    lists: [],
    rules: { directory: join(folder, 'more-rules') },
  })
  const text = await tryOut(other)
  expect(text).toMatchObject({ code: 0, err: '' })
  expect(text.out).toMatch(
    /^Facts: .* for 5 decisions: 5 in the network, 5 in the lists of known-bad addresses\.$/m,
  )
  expect(text.out).toMatch(/^Gone: \d+\n(.*\n)* +2026-01-01 06:00 +HIGH +rule-deletes +subject user:bob /m)
  expect(text.out).toMatch(/^New: \d+\n(.*\n)* +2026-01-01 00:00 +HIGH +rule-reads +subject user:alice /m)
  const json = await tryOut(other, '--json', '--exit-code')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({
    facts: { decisions: 5, network: 5, lists: 5, sensitivity: 0, client: 0 },
    findings: { gone: expect.any(Array), fresh: expect.any(Array), changed: expect.any(Array) },
  })
})

it('says what it can not score again where somebody was erased, and compares the findings of the others', async () => {
  await put([BERLIN, TOKYO], '203.0.113.0/24\n')
  await scoreAll()
  // Alice is erased as `gatewatch erase` does it in the log; there is no store here.
  const person = {
    tenant: 'default',
    subject: { type: 'user' as const, id: 'alice' },
    sessions: [],
    devices: [],
    addresses: [TOKYO_IP],
    prefixes: ['203.0.113.0/24'],
  }
  const directory = join(folder, 'data', 'log')
  const secret = await openSecret(join(folder, 'data'), 'erasure')
  const erasure = newErasure(person, secret, { requested_by: 'office', now_ms: Date.now() })
  const eventLog = await openEmbeddedLog({ directory, partitions: 2 })
  await eventLog.append([jsonRecord(privacyErasures, erasure)])
  await eventLog.close()
  await rewriteLog({ directory, rewrite: rewriteFor(namesOf(person), Date.now()), told: () => {} })

  const { code, out, err } = await gatewatch('replay', '--json')
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^65 decisions are of persons who were erased/),
  })
  const after = JSON.parse(out)
  expect(after).toMatchObject({ other: [], missing: [], surplus: [], looked_up: 0 })
  expect(after.erased).toEqual({ decisions: 65, findings: expect.any(Number) })
  expect(after.erased.findings).toBeGreaterThan(0)
  expect(after.detectors).toMatchObject({ 'rule-deletes': { logged: 1, both: 1 } })
  expect(after.detectors).not.toHaveProperty('known-bad-source')
  expect(out).not.toMatch(/alice/)
})

it('takes who was on a list then for listed where the list is fetched from elsewhere and not kept here, and says so', async () => {
  await put([BERLIN, TOKYO], '203.0.113.0/24\n')
  await scoreAll()
  const candidate = join(folder, 'candidate.yaml')
  const lists = [{ name: 'exits', kind: 'plain', url: 'https://lists.example.org/exits' }]
  await writeFile(candidate, stringify({ scoring: section({ lists }) }))
  const tried = await gatewatch('replay', '--candidate', candidate, '--exit-code')
  expect(tried).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^The list exits is not kept on this machine/),
  })
})
