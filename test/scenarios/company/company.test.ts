import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Decision, parseDecision } from '../../../schemas/decision.ts'
import type { Enrichment } from '../../../schemas/scored-decision.ts'
import { Truth, type Attack } from '../../../schemas/truth.ts'
import { runCli } from '../../../services/cli.ts'
import type { Evaluation } from '../../../services/evaluate/evaluate.ts'
import { openEnrich } from '../../../services/scoring/main.ts'
import { haversine } from '../../../services/scoring/statistics/haversine.ts'
import { company, type CompanyOptions } from './company.ts'
import { DIFFICULTIES } from './attacks/scene.ts'
import { openNetworks, type Networks } from './networks.ts'
import { writeCompany } from './write.ts'

const SMALL: CompanyOptions = { people: 100, days: 8, seed: 1, attacks: 1 }
const MINUTE_H = 1 / 60

interface Made {
  readonly decisions: readonly Decision[]
  readonly truth: readonly Truth[]
  readonly digest: string
}

function make(options: CompanyOptions, networks: Networks): Made {
  const made = company(options, networks)
  const hash = createHash('sha256')
  const decisions: Decision[] = []
  for (const decision of made.decisions()) {
    hash.update(`${JSON.stringify(decision)}\n`)
    decisions.push(parseDecision(decision).data ?? Decision.parse(decision))
  }
  const truth = made.truth()
  return { decisions, truth, digest: hash.update(JSON.stringify(truth)).digest('hex') }
}

let networks: Networks
let small: Made
let places: readonly Enrichment['source'][]

beforeAll(async () => {
  networks = await openNetworks()
  small = make(SMALL, networks)
  const enrich = await openEnrich({ networks_file: undefined, sensitivity: [] })
  places = small.decisions.map((decision) => enrich(decision).source)
})

const attacksOf = ({ truth }: Made): readonly Attack[] => truth.filter((each) => each.kind === 'attack')
const caused = (made: Made) => new Set(attacksOf(made).flatMap(({ decision_ids }) => decision_ids))

describe('the company', () => {
  it('is the same for the same seed, byte for byte, and another for another', () => {
    const few = { ...SMALL, people: 40, days: 4 }
    expect(make(few, networks).digest).toBe(make(few, networks).digest)
    expect(make({ ...few, seed: 2 }, networks).digest).not.toBe(make(few, networks).digest)
  })

  it('gives decisions in the order of time, each once', () => {
    const times = small.decisions.map(({ decided_at }) => decided_at)
    expect(times).toEqual([...times].sort())
    expect(new Set(small.decisions.map(({ id }) => id)).size).toBe(small.decisions.length)
  })

  it('gives truth that keeps to its contract and names decisions of its own entities', () => {
    const byId = new Map(
      small.decisions.map((decision, index) => [decision.id, { decision, place: places[index] }]),
    )
    for (const each of small.truth) expect(Truth.safeParse(each).error).toBeUndefined()
    for (const { id, entity, also, decision_ids } of attacksOf(small)) {
      const named = new Set([entity, ...also].map((each) => `${each.type}/${each.id}`))
      for (const decision of decision_ids) {
        const { subject, device } = byId.get(decision)?.decision ?? {}
        const touched = [
          `subject/${subject?.type}:${subject?.id}`,
          `session/${subject?.session_id}`,
          `source/${byId.get(decision)?.place?.prefix}`,
          `device/${device?.id}`,
        ]
        expect(
          touched.some((each) => named.has(each)),
          `${id}: ${decision}`,
        ).toBe(true)
      }
    }
  })

  it('is attacked in ten ways at three difficulties, and the rest of it is not changed by that', () => {
    const attacks = attacksOf(small)
    expect(new Set(attacks.map(({ scenario }) => scenario)).size).toBe(10)
    for (const difficulty of DIFFICULTIES)
      expect(attacks.filter((each) => each.difficulty === difficulty).length).toBeGreaterThanOrEqual(8)
    const few = { ...SMALL, people: 40, days: 4 }
    const attacked = make(few, networks)
    const theirs = caused(attacked)
    const bare = (decisions: readonly Decision[]) => decisions.map(({ id: _id, ...decision }) => decision)
    expect(bare(attacked.decisions.filter(({ id }) => !theirs.has(id)))).toEqual(
      bare(make({ ...few, attacks: 0 }, networks).decisions),
    )
  })

  it('resolves in the tables of the product', () => {
    expect(places.filter(({ latitude }) => latitude === null).length / places.length).toBeLessThan(0.01)
    expect(new Set(places.map(({ network_kind }) => network_kind))).toEqual(
      new Set(['access', 'mobile', 'hosting', 'corporate', 'satellite']),
    )
  })
})

describe('it is not easy', () => {
  it('about a fifth of the ordinary user-days look faster than a plane by raw geo data', () => {
    const attacked = caused(small)
    const last = new Map<string, { atMs: number; place: Enrichment['source'] }>()
    const [days, fast] = [new Set<string>(), new Set<string>()]
    for (const [index, { id, subject, decided_at }] of small.decisions.entries()) {
      const place = places[index]
      if (place === undefined || place.latitude === null || subject.type !== 'user' || attacked.has(id))
        continue
      const [atMs, day] = [Date.parse(decided_at), `${subject.id}/${decided_at.slice(0, 10)}`]
      const before = last.get(subject.id)
      days.add(day)
      last.set(subject.id, { atMs, place })
      if (before === undefined) continue
      const km = haversine(
        before.place.latitude ?? 0,
        before.place.longitude ?? 0,
        place.latitude,
        place.longitude ?? 0,
      )
      const hours = Math.max(MINUTE_H, (atMs - before.atMs) / 3_600_000)
      if (km > 100 && km / hours > 900) fast.add(day)
    }
    expect(fast.size / days.size).toBeGreaterThan(0.15)
    expect(fast.size / days.size).toBeLessThan(0.3)
  })

  it('a naive rule for new countries is mostly wrong, and finds a third of the attacks at most', () => {
    const attackOf = new Map(
      attacksOf(small).flatMap((each) => each.decision_ids.map((id) => [id, each] as const)),
    )
    const seen = new Map<string, Set<string>>()
    const found = new Set<Attack>()
    let right = 0
    let all = 0
    for (const [index, { id, subject, outcome }] of small.decisions.entries()) {
      const country = places[index]?.country ?? ''
      if (subject.type !== 'user' || outcome !== 'permit' || country === '') continue
      const known = seen.get(subject.id)
      if (known === undefined) seen.set(subject.id, new Set([country]))
      else if (!known.has(country)) {
        known.add(country)
        all += 1
        const attack = attackOf.get(id)
        if (attack === undefined) continue
        right += 1
        found.add(attack)
      }
    }
    expect(right / all).toBeLessThan(0.25)
    expect(found.size / attacksOf(small).length).toBeLessThan(0.34)
    // A hundred people: nine a day is a budget for two thousand.
    expect(all / SMALL.days).toBeGreaterThan(5)
  })
})

describe('gatewatch evaluate on it', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewatch-company-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function run(...args: string[]) {
    const said = { out: '', err: '', code: 0 }
    const io = {
      stdout: { write: (text: string) => ((said.out += text), true) },
      stderr: { write: (text: string) => ((said.err += text), true) },
    }
    await runCli(args, io, {}, (code) => {
      said.code = code
    })
    return said
  }

  it('finds most naive attacks, and holds its peace about most people', async () => {
    await writeCompany(folder, SMALL, networks)
    const said = await run('evaluate', folder, '--json')
    expect(said).toMatchObject({ code: 0, err: '' })
    const evaluation = JSON.parse(said.out) as Evaluation
    expect(evaluation.decisions).toBe(small.decisions.length)
    const naive = evaluation.cells.filter(({ difficulty }) => difficulty === 'naive')
    const sum = (of: (cell: (typeof naive)[number]) => number) =>
      naive.reduce((all, cell) => all + of(cell), 0)
    expect(sum(({ found }) => found) / sum(({ attacks }) => attacks)).toBeGreaterThanOrEqual(0.6)
    const { total, true: right, false: wrong } = evaluation.findings
    expect(right + wrong).toBe(total)
    // Bystanders: a finding on fewer than one in four of the user-days.
    expect(wrong / (evaluation.users * SMALL.days)).toBeLessThan(0.25)
  })

  it('says the same twice, byte for byte', async () => {
    const few = join(folder, 'few')
    await writeCompany(few, { ...SMALL, people: 30, days: 3 }, networks)
    const said = await run('evaluate', few, '--json')
    expect(said.code).toBe(0)
    expect(await run('evaluate', few, '--json')).toEqual(said)
  })

  it('without attacks keeps to the budget, and finds p-values uniform, of each detector and of all together', async () => {
    const quiet = join(folder, 'quiet')
    // Uniformity is judged from the second week on, and that of all together begins some days later.
    await writeCompany(quiet, { people: 45, days: 15, seed: 2, attacks: 0 }, networks)
    const options = ['--findings-per-day', '1', '--warm-up-days', '5', '--json']
    const { settled, evenness } = JSON.parse((await run('evaluate', quiet, ...options)).out) as Evaluation
    expect(settled.findings).toBeLessThanOrEqual(settled.budget_interval[1])
    expect(settled.budget_kept).toBe(true)
    expect(evenness.length).toBeGreaterThan(14)
    expect(evenness.map(({ detector }) => detector)).toContain('joint')
    // Of seventeen, by chance one in sixty times.
    expect(evenness.filter(({ p }) => p < 1e-3)).toEqual([])
  })
})
