import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { runCli } from '../../../services/cli.ts'
import { evaluate, type Verdict } from '../../../services/evaluate/evaluate.ts'
import { report } from '../../../services/evaluate/report.ts'
import { finding, instant, MORNING_MS, subject } from '../../support/scoring/findings.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-evaluate-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const HOUR = 3_600_000
/** Ten decisions of alice, an hour apart; the fourth to the seventh are the thief's. */
const decisions = Array.from({ length: 10 }, (_, hour): DecisionInput & { id: string } => ({
  schema_version: 1,
  id: `d${hour}`,
  decided_at: instant(MORNING_MS + hour * HOUR),
  outcome: 'permit',
  subject: { type: 'user', id: 'alice' },
  action: { name: 'read' },
  resource: { type: 'http', id: '/' },
}))
const attack = {
  kind: 'attack',
  id: 'a1',
  scenario: 'account_takeover',
  difficulty: 'naive',
  entity: subject('alice'),
  also: [{ type: 'source', id: '192.0.2.0/24' }],
  started_at: instant(MORNING_MS + 3 * HOUR),
  ended_at: instant(MORNING_MS + 6 * HOUR),
  decision_ids: ['d3', 'd4', 'd5', 'd6'],
}
const trip = {
  kind: 'ordinary',
  id: 'o1',
  scenario: 'business_travel',
  entity: subject('alice'),
  started_at: instant(MORNING_MS),
  ended_at: instant(MORNING_MS + 3 * HOUR),
}

const jsonl = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

async function inputs(name: string, lines: string | Buffer, truth: string): Promise<string> {
  const directory = await mkdtemp(join(folder, 'd-'))
  await writeFile(join(directory, name), lines)
  await writeFile(join(directory, 'truth.jsonl'), truth)
  return directory
}

const QUIET = { budget: 9, warm_up_days: 0, evenness: () => [] }

/** What an evaluation says when the findings given are those that scoring gives, each with the decision it names last. */
async function held(given: readonly Finding[], truth: readonly unknown[] = [attack, trip]) {
  const directory = await inputs('decisions.jsonl', jsonl(decisions), jsonl(truth))
  const verdicts: Verdict[] = []
  const evaluation = await evaluate(directory, {
    ...QUIET,
    score: () => given,
    told: (each) => verdicts.push(each),
  })
  return { evaluation, verdicts }
}

const at = (hour: number, changes: Partial<Finding> = {}) =>
  finding({ at_ms: MORNING_MS + hour * HOUR, decision_ids: [`d${hour}`], ...changes })

describe('a finding finds an attack', () => {
  it.each<[string, Finding, boolean]>([
    ['about its entity, with one of its decisions, after its start', at(4), true],
    ['about another of its entities', at(4, { entity: { type: 'source', id: '192.0.2.0/24' } }), true],
    ['not about somebody else, even with its decisions', at(4, { entity: subject('bob') }), false],
    ['not without any of its decisions, though at its time', at(4, { decision_ids: ['d2'] }), false],
    ['not when it was opened before the start', at(4, { first_observed_at: instant(MORNING_MS) }), false],
    ['not in another tenant', at(4, { tenant: 'other' }), false],
  ])('%s', async (_title, given, found) => {
    const { evaluation } = await held([given])
    expect(evaluation.attacks.found).toBe(found ? 1 : 0)
    expect(evaluation.findings).toMatchObject({ total: 1, true: found ? 1 : 0, false: found ? 0 : 1 })
    expect(evaluation.missed).toEqual(found ? [] : ['a1'])
  })

  it('at the first revision that does, counted in its own decisions and in seconds', async () => {
    const opened = instant(MORNING_MS + 3 * HOUR)
    const { evaluation } = await held([
      at(3, { decision_ids: ['d2'] }),
      at(5, { revision: 2, first_observed_at: opened }),
      at(6, { revision: 3, first_observed_at: opened }),
    ])
    expect(evaluation.cells).toEqual([
      {
        scenario: 'account_takeover',
        difficulty: 'naive',
        attacks: 1,
        found: 1,
        share: 1,
        events_to_detect: 3,
        seconds_to_detect: 7200,
        within_10_events: 1,
        found_by: { 'impossible-travel': 1 },
      },
    ])
    expect(evaluation.findings.total).toBe(1)
  })
})

it('false findings are told apart by what they were about', async () => {
  const { evaluation, verdicts } = await held([
    at(1, { id: 'f-1' }),
    at(8, { id: 'f-2' }),
    at(4, { id: 'f-3', entity: subject('bob') }),
  ])
  expect(evaluation.false_findings).toEqual([
    { detector: 'impossible-travel', about: 'business_travel', findings: 1 },
    { detector: 'impossible-travel', about: 'none', findings: 1 },
    { detector: 'impossible-travel', about: 'attack_on_another', findings: 1 },
  ])
  expect(verdicts.map(({ verdict, beside, ordinary }) => [verdict, beside, ordinary])).toEqual([
    ['false', null, 'o1'],
    ['false', null, null],
    ['false', 'a1', null],
  ])
})

it('precision: the findings of a day by their evidence, of equal ones the earlier first', async () => {
  const { evaluation } = await held([
    at(1, { id: 'early', evidence_nats: 4 }),
    at(4, { id: 'right', evidence_nats: 5 }),
    at(8, { id: 'late', evidence_nats: 5 }),
  ])
  expect(evaluation.budgets).toEqual([
    { findings_a_day: 1, looked_at: 1, precision: 1, attacks_found: 1, attacks_share: 1 },
    { findings_a_day: 9, looked_at: 3, precision: 1 / 3, attacks_found: 1, attacks_share: 1 },
    { findings_a_day: 50, looked_at: 3, precision: 1 / 3, attacks_found: 1, attacks_share: 1 },
  ])
})

it('findings a day are those of at least one day, and for 1,000 users', async () => {
  const { evaluation } = await held([at(4)])
  expect(evaluation).toMatchObject({
    decisions: 10,
    users: 1,
    findings: { a_day: 1, a_day_per_1000_users: 1000, most_on_a_day: 1 },
  })
})

describe('a bad line ends it, with file, line and reason', () => {
  const good = jsonl(decisions)
  it.each<[string, string | Buffer, string, RegExp]>([
    ['decisions.jsonl', `${good}{"a":`, jsonl([attack]), /decisions\.jsonl, line 11: is no JSON/],
    ['decisions.jsonl', `\n${jsonl([{ ...decisions[0], outcome: 'perhaps' }])}`, '', /line 2: outcome: /],
    [
      'decisions.jsonl',
      jsonl([{ ...decisions[0], decided_at: '2026-02-00T09:00:00.000Z' }]),
      '',
      /line 1: decided_at: /,
    ],
    ['decisions.jsonl', `${'x'.repeat(262_145)}\n`, '', /line 1: is longer than 262,144 bytes/],
    ['decisions.jsonl', good, jsonl([{ ...attack, entity: 'alice' }]), /truth\.jsonl, line 1: entity: /],
    ['decisions.jsonl', good, jsonl([attack, attack]), /truth\.jsonl, line 2: id: a1 stands in line 1/],
    [
      'decisions.jsonl',
      good,
      jsonl([attack, { ...attack, id: 'a2' }]),
      /line 2: decision_ids: d3 belongs to a1 already/,
    ],
    [
      'decisions.jsonl',
      good,
      jsonl([{ ...attack, decision_ids: ['d3', 'gone'] }]),
      /a1 names the decision gone, which is not in /,
    ],
    ['decisions.jsonl.gz', gzipSync(good).subarray(0, 60), '', /can't be read past line \d+: /],
    ['other.jsonl', good, '', /holds neither decisions\.jsonl nor decisions\.jsonl\.gz/],
  ])('%s', async (name, lines, truth, reason) => {
    const directory = await inputs(name, lines, truth)
    await expect(evaluate(directory, { ...QUIET, score: () => [] })).rejects.toMatchObject({
      code: 'ERR_EVALUATE_INPUT',
      message: expect.stringMatching(reason),
    })
  })

  it('and a gzipped file is read like a plain one', async () => {
    const directory = await inputs('decisions.jsonl.gz', gzipSync(good.trimEnd()), jsonl([attack]))
    const seen: string[] = []
    const score = (lines: readonly { decision: { id: string } }[]) => {
      seen.push(...lines.map(({ decision }) => decision.id))
      return []
    }
    expect(await evaluate(directory, { ...QUIET, score })).toMatchObject({
      decisions: 10,
      attacks: { found: 0, share: 0 },
    })
    expect(seen).toEqual(decisions.map(({ id }) => id))
  })
})

describe('gatewatch evaluate', () => {
  async function run(directory: string) {
    const said = { out: '', err: '', code: 0 }
    const io = {
      stdout: { write: (text: string) => ((said.out += text), true) },
      stderr: { write: (text: string) => ((said.err += text), true) },
    }
    await runCli(['evaluate', directory], io, {}, (code) => {
      said.code = code
    })
    return said
  }

  it('prints what was found, at what price and what was wrong, as tables', async () => {
    const { evaluation } = await held([at(4), at(1, { id: 'f-2' })])
    const { lines, sections } = report(evaluation)
    expect(lines).toEqual([
      '10 decisions of 1 users in 0.4 days.',
      '1 of 1 attacks found (100 %), 1 within ten of their decisions.',
      '2 findings: 1 true, 1 false; 2.0 a day, 2000.0 a day for 1,000 users, 2 on the busiest day.',
      'After 0 days of warm-up: 2 findings, 1 of them false; 5.3 a day, 5333.3 a day for 1,000 users. A budget of 9 a day allows 0 to 9 in 0.4 days (99 % of Poisson): kept.',
    ])
    expect(sections.map(({ rows }) => rows)).toEqual([
      [['account_takeover', 'naive', '1', '1', '100 %', '2', '60 min', 'impossible-travel 1']],
      [
        ['1', '1', '0 %', '0', '0 %'],
        ['9', '2', '50 %', '1', '100 %'],
        ['50', '2', '50 %', '1', '100 %'],
      ],
      [['impossible-travel', 'business_travel', '1', '1.0']],
    ])
  })

  it('scores with what runs live, without a data directory', async () => {
    const directory = await inputs('decisions.jsonl', jsonl(decisions), jsonl([attack]))
    expect(await run(directory)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^account_takeover +naive +1 +0 +0 % +- +-$/m),
    })
  })

  it('ends with exit code 2 where there is no truth, or a line is bad', async () => {
    expect(await run(folder)).toMatchObject({ code: 2, err: expect.stringContaining('holds no truth.jsonl') })
    const directory = await inputs('decisions.jsonl', 'x\n', '')
    expect(await run(directory)).toMatchObject({ code: 2, err: expect.stringMatching(/line 1: is no JSON/) })
  })
})
