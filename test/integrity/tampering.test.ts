import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { erased } from '../../schemas/chain.ts'
import type { Decision } from '../../schemas/decision.ts'
import { accessDecisions } from '../../schemas/topics.ts'
import type { DecisionDraft } from '../../services/gateway/record/decision-draft.ts'
import type { EventLog } from '../../services/runtime/log/event-log.ts'
import { openEmbeddedLog } from '../../services/runtime/log/embedded/embedded-log.ts'
import { migrate } from '../../services/runtime/clickhouse/migrate.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import type { Problem } from '../../services/verify/report.ts'
import { untilCaughtUp } from '../support/log/caught-up.ts'
import {
  chainedBoot,
  insertDecisions,
  verifyStore,
  type StoreUnderTest,
} from '../support/store/chained-store.ts'
import { scoredDecision } from '../support/events/decision-arbitrary.ts'
import { rowsOf, startTempEngine, type TempEngine } from '../support/store/temp-engine.ts'

/**
 * The promise: whoever deletes, alters, inserts or reorders stored decisions is
 * found, from what is stored and what was signed alone; and nobody else is.
 */

/** Not long ago: what is older than the store keeps is gone at once. */
const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 12 * 3_600_000
const NOW = START + 6 * 3_600_000
const FROM = new Date(START - 3_600_000).toISOString()

let engine: TempEngine
let eventLog: EventLog
let logDir: string
let store: StoreUnderTest
/** A gateway with three boots (stopped, killed, living on), and one beside it that nobody touches. */
let boots: Decision[][]
let bystander: Decision[]

/** Decisions of every shape there is, half a second apart. */
function drafts(seed: number, count: number, fromMs: number): DecisionDraft[] {
  return fc.sample(scoredDecision, { numRuns: count, seed }).map(({ decision }, n) => {
    const { chain: _chain, pep: _pep, id: _id, schema_version: _version, ...draft } = decision
    return { ...draft, tenant: 'default', decided_at: new Date(fromMs + n * 500).toISOString() }
  })
}

beforeAll(async () => {
  engine = await startTempEngine()
  await migrate(engine.client)
  logDir = await mkdtemp(join(tmpdir(), 'gatewatch-tampering-'))
  eventLog = await openEmbeddedLog({ directory: logDir, partitions: 2 })
  store = { dataDir: engine.dataDir, eventLog, client: engine.client }
  const common = { dataDir: engine.dataDir, eventLog, every: 20, now: () => NOW - 3_600_000 }
  const one = await chainedBoot({ ...common, pep_id: 'gw-1', drafts: drafts(1, 70, START), end: 'stop' })
  const two = await chainedBoot({
    ...common,
    pep_id: 'gw-1',
    drafts: drafts(2, 70, START + 100_000),
    previous: one.head,
    end: 'crash',
  })
  const three = await chainedBoot({
    ...common,
    pep_id: 'gw-1',
    drafts: drafts(3, 70, START + 200_000),
    previous: two.head,
    end: 'stop',
  })
  const beside = await chainedBoot({ ...common, pep_id: 'gw-2', drafts: drafts(4, 200, START), end: 'stop' })
  boots = [one.decisions, two.decisions, three.decisions]
  bystander = beside.decisions
  await insertDecisions(store, 'genuine', [...boots.flat(), ...bystander])
  await sql('CREATE TABLE genuine ENGINE = MergeTree ORDER BY id AS SELECT * FROM decisions')
})

afterAll(async () => {
  await engine.close()
  await eventLog.close()
  await rm(logDir, { recursive: true, force: true })
})

/** The store as it was before anybody touched it, but for some rows. */
async function restore(without: readonly string[] = []): Promise<void> {
  await sql('TRUNCATE TABLE decisions')
  await sql(
    `INSERT INTO decisions SELECT * FROM genuine WHERE NOT has([${without.map((id) => `'${id}'`).join(', ')}]::Array(String), id)`,
  )
}

async function sql(statement: string): Promise<void> {
  await engine.client.command({
    query: statement,
    clickhouse_settings: { mutations_sync: '2', insert_deduplicate: 0 },
  })
}

async function verified() {
  return verifyStore(store, { now: NOW, from: FROM })
}

/** Somebody's deed, and what must be found of it and nothing else. */
async function foundAfter(...deeds: string[]): Promise<Problem[]> {
  await restore()
  for (const deed of deeds) await sql(deed)
  const report = await verified()
  expect(report.verdict).toBe('refuted')
  // The bystander stays proven, each of its decisions.
  expect(report.problems.filter(({ pep_id }) => pep_id === 'gw-2')).toEqual([])
  expect(report.proven).toBeGreaterThanOrEqual(200)
  return [...report.problems]
}

const boot = (n: number): string => boots[n]?.[0]?.pep?.boot_id ?? ''
const PLACES = [0, 1, 2].flatMap((n) => [5, 25, 45, 65].map((seq) => [n, seq] as const))
const idOf = (n: number, seq: number): string => boots[n]?.[seq]?.id ?? ''
const at = (n: number, seq: number): string => boots[n]?.[seq]?.decided_at ?? ''

describe('stored decisions that nobody touched', () => {
  it('are proven, over an orderly stop, a crash and a new start, whatever their slices', async () => {
    await restore()
    const report = await verified()
    expect(report).toMatchObject({
      verdict: 'proven',
      problems: [],
      undecided: [],
      decisions: 410,
      proven: 410,
    })
    const small = await verifyStore(store, { now: NOW, from: FROM, slice_rows: 100 })
    expect(small).toMatchObject({ verdict: 'proven', decisions: 410, proven: 410 })
  })

  it('are proven in part of the time too, and with copies that the store has not merged yet', async () => {
    await restore()
    await sql('INSERT INTO decisions SELECT * FROM genuine WHERE pep_seq % 3 = 0')
    const part = { now: NOW, from: at(1, 10), to: at(1, 50) }
    expect(await verifyStore(store, part)).toMatchObject({ verdict: 'proven', undecided: [] })
    expect(await verified()).toMatchObject({ verdict: 'proven', decisions: 410, proven: 410 })
  })

  it('are proven when a person was erased: the commitment stays in the place of the fields', async () => {
    await restore()
    const victim = boots[0]?.[33]
    if (!victim) throw new Error('no such decision')
    const gone = { ...erased(victim), pep: victim.pep }
    await sql(`DELETE FROM decisions WHERE id = '${victim.id}'`)
    await insertDecisions(store, 'erased', [gone])
    expect(await verified()).toMatchObject({ verdict: 'proven', erased: 1, decisions: 410, proven: 410 })
  })
})

describe('who deletes', () => {
  it('one decision is found, with number and times; the end of the last boot, by its signed end; and the end of one that crashed before it could sign it, since the next boot names it', async () => {
    const found = await foundAfter(
      `DELETE FROM decisions WHERE id = '${idOf(0, 25)}' OR (pep_boot_id = '${boot(2)}' AND pep_seq >= 61)
         OR (pep_boot_id = '${boot(1)}' AND pep_seq >= 65)`,
    )
    const missing = [
      { boot_id: boot(0), seq_from: 25, seq_to: 25, after: at(0, 24), before: at(0, 26) },
      { boot_id: boot(1), seq_from: 65, seq_to: 69 },
      { boot_id: boot(2), seq_from: 61, seq_to: 69 },
    ]
    expect(found).toHaveLength(missing.length)
    for (const one of missing)
      expect(found).toContainEqual(expect.objectContaining({ kind: 'missing', pep_id: 'gw-1', ...one }))
  })

  it('everything of an enforcement point is found', async () => {
    const found = await foundAfter(`DELETE FROM decisions WHERE pep_id = 'gw-1'`)
    expect(found.every(({ kind }) => kind === 'missing')).toBe(true)
    expect(numbersOf(found)).toBe(210)
  })

  it('what came since is found: an old copy of the table was put back', async () => {
    const found = await foundAfter(
      'TRUNCATE TABLE decisions',
      `INSERT INTO decisions SELECT * FROM genuine WHERE pep_id = 'gw-2' OR decided_at <= '${storeInstant(at(1, 39))}'`,
    )
    expect(found.every(({ kind }) => kind === 'missing')).toBe(true)
    expect(numbersOf(found)).toBe(210 - 110)
  })
})

describe('who alters', () => {
  it('any column that the chain covers is found, whichever it is', async () => {
    const columns = await rowsOf<{ name: string; type: string }>(
      engine.client,
      "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'decisions' AND name NOT LIKE 'enrichment%' AND name NOT IN ('ingested_at', 'scores')",
    )
    const unseen: string[] = []
    const covered = columns.filter(({ name }) => !name.startsWith('chain_prev'))
    // A dozen at a time, each in a stretch of its own, on rows that keep no hash.
    for (let first = 0; first < covered.length; first += PLACES.length) {
      const some = covered
        .slice(first, first + PLACES.length)
        .map((column, n) => ({ ...column, place: PLACES[n] }))
      const changed = some.map(({ name, type, place }) => {
        const [n, seq] = place ?? [0, 0]
        const [, put] = altering(name, type, idOf(n, seq))
        return { id: idOf(n, seq), select: put.replace('INSERT INTO decisions ', '') }
      })
      await restore(changed.map(({ id }) => id))
      await sql(`INSERT INTO decisions ${changed.map(({ select }) => select).join(' UNION ALL ')}`)
      const { problems } = await verified()
      for (const { name, place } of some) {
        const [n, seq] = place ?? [0, 0]
        const found = problems.some(
          (problem) =>
            problem.boot_id === boot(n) && (problem.seq_from ?? 0) <= seq && (problem.seq_to ?? 0) >= seq,
        )
        if (!found) unseen.push(name)
      }
      expect(problems.filter(({ pep_id }) => pep_id === 'gw-2')).toEqual([])
    }
    expect(unseen).toEqual([])
    expect(covered.length).toBeGreaterThan(50)
  })

  it.each([
    ['chain_prev_boot_boot_id', 'String', 0],
    ['chain_prev_boot_seq', 'Nullable(Int64)', 64],
  ])(
    '%s is found on the first row of a boot, and chain_prev there and on every 64th',
    async (name, type, seq) => {
      const found = await foundAfter(
        ...altering(name, type, idOf(2, 0)),
        ...altering('chain_prev', 'String', idOf(1, seq)),
      )
      expect(deedsOf(found)).toEqual(new Set([`altered ${idOf(1, seq)}`, `altered ${idOf(2, 0)}`]))
    },
  )

  it('a decision and works the hashes out anew that rows keep is found at the signed hash', async () => {
    const prev = 'f'.repeat(64)
    const found = await foundAfter(
      ...replacing(idOf(0, 41), "'changed' AS action_name"),
      ...replacing(idOf(0, 64), `'${prev}' AS chain_prev`),
    )
    expect(found.every(({ kind, boot_id }) => kind === 'altered' && boot_id === boot(0))).toBe(true)
  })

  it('is found to the field, as long as the log holds the original', async () => {
    await eventLog.append(boots.flat().map((decision) => jsonRecord(accessDecisions, decision)))
    // What the log holds must be stored, else it might be on its way: nothing is scored here.
    const found = await foundAfter(...replacing(idOf(0, 41), "'changed' AS action_name"))
    expect(found).toMatchObject([
      {
        kind: 'altered',
        seq_from: 41,
        seq_to: 41,
        decision_id: idOf(0, 41),
        detail: 'the log has it with other action',
      },
    ])
  })

  it('a person away without leaving what an erasure leaves is found', async () => {
    const found = await foundAfter(
      ...replacing(idOf(0, 25), "'' AS chain_salt, repeat('0', 64) AS chain_personal_hash"),
    )
    expect(found).toContainEqual(expect.objectContaining({ kind: 'altered', decision_id: idOf(0, 25) }))
  })
})

describe('who inserts', () => {
  const copyOf = (id: string, changes: string): string =>
    `INSERT INTO decisions SELECT * REPLACE (${changes}) FROM (SELECT * FROM genuine WHERE id = '${id}')`

  it('a decision is found, under whatever number, boot, enforcement point or time', async () => {
    const changes = {
      'under a number that is taken': "'permit' AS outcome",
      'after the end of a boot': '70 AS pep_seq',
      'under a boot that never was': "'feedfeedfeedfeed' AS pep_boot_id",
      'under an enforcement point that never was': "'gw-9' AS pep_id",
      'without a number': 'NULL AS pep_seq',
      'at another time': 'decided_at + INTERVAL 2 HOUR AS decided_at',
    }
    const found = await foundAfter(
      ...Object.entries(changes).map(([where, change], n) =>
        copyOf(idOf(0, 25 + 5 * n), `'forged ${where}' AS id, ${change}`),
      ),
    )
    expect(deedsOf(found)).toEqual(new Set(Object.keys(changes).map((where) => `inserted forged ${where}`)))
  })
})

describe('who reorders', () => {
  it('two decisions by exchanging their numbers is found, and where each belongs', async () => {
    const found = await foundAfter(
      ...replacing(idOf(0, 25), '31 AS pep_seq'),
      ...replacing(idOf(0, 31), '25 AS pep_seq'),
    )
    expect(found).toMatchObject([
      { kind: 'reordered', decision_id: idOf(0, 31), seq_from: 25 },
      { kind: 'reordered', decision_id: idOf(0, 25), seq_from: 31 },
    ])
  })

  it('two decisions by exchanging their times is found', async () => {
    const found = await foundAfter(
      ...replacing(idOf(0, 25), `toDateTime64('${storeInstant(at(0, 31))}', 3, 'UTC') AS decided_at`),
      ...replacing(idOf(0, 31), `toDateTime64('${storeInstant(at(0, 25))}', 3, 'UTC') AS decided_at`),
    )
    expect(found.every(({ kind }) => kind === 'altered')).toBe(true)
  })
})

describe('who deletes a decision and touches another beside it', () => {
  const gone = (seq: number): string => `DELETE FROM decisions WHERE id = '${idOf(0, seq)}'`

  it('leaves it undecided where nobody has what was deleted: it is not called proven', async () => {
    await restore()
    const lost = await openEmbeddedLog({ directory: join(logDir, 'lost'), partitions: 2 })
    try {
      for (const deed of [gone(32), ...replacing(idOf(0, 31), "'changed' AS action_name")]) await sql(deed)
      const report = await verifyStore({ ...store, eventLog: lost }, { now: NOW, from: FROM })
      expect(report.problems).toMatchObject([{ kind: 'missing', seq_from: 32, seq_to: 32 }])
      expect(report.undecided).toMatchObject([
        { reason: 'beside_gap', seq_from: 20, seq_to: 31 },
        { reason: 'beside_gap', seq_from: 33, seq_to: 39 },
      ])
      expect(report.proven).toBe(410 - 20)
    } finally {
      await lost.close()
    }
  })

  describe('while the log has it', () => {
    beforeAll(async () => {
      await eventLog.append(boots.flat().map((decision) => jsonRecord(accessDecisions, decision)))
      // Everything counts as scored and stored: else what lacks might be on its way.
      const scoring = await eventLog.consume({
        group: 'scoring',
        topics: [accessDecisions],
        handle: () => [],
      })
      await untilCaughtUp(eventLog, [['scoring', accessDecisions]])
      await scoring.stop()
    })

    const missing = (seq: number) => ({
      kind: 'missing',
      seq_from: seq,
      seq_to: seq,
      detail: 'the log has what the store lacks',
    })
    const altered = (seq: number) => ({ kind: 'altered', seq_from: seq, seq_to: seq })

    it.each<[string, () => string[], () => object[]]>([
      [
        'both, beside the end that is signed',
        () => [
          gone(38),
          ...replacing(idOf(0, 37), "'changed' AS action_name"),
          ...replacing(idOf(0, 39), "'changed' AS outcome"),
        ],
        () => [missing(38), altered(37), altered(39)],
      ],
      [
        'the order of two beside it',
        () => [
          gone(32),
          ...replacing(idOf(0, 31), '33 AS pep_seq'),
          ...replacing(idOf(0, 33), '31 AS pep_seq'),
        ],
        () => [missing(32), { kind: 'reordered', seq_from: 31 }, { kind: 'reordered', seq_from: 33 }],
      ],
      [
        'its place, where another one stands now',
        () => replacing(idOf(0, 32), "'forged' AS id, 'permit' AS outcome"),
        () => [altered(32)],
      ],
    ])('is found out: %s', async (_what, deeds, found) => {
      const problems = await foundAfter(...deeds())
      expect(problems).toHaveLength(found().length)
      expect(problems).toEqual(expect.arrayContaining(found().map((one) => expect.objectContaining(one))))
      expect((await verified()).undecided).toEqual([])
    })
  })
})

function deedsOf(problems: readonly Problem[]): Set<string> {
  return new Set(problems.map(({ kind, decision_id }) => `${kind} ${decision_id}`))
}

function storeInstant(instant: string): string {
  return instant.slice(0, 23).replace('T', ' ')
}

function numbersOf(problems: readonly Problem[]): number {
  return problems.reduce((sum, { seq_from, seq_to }) => sum + (seq_to ?? 0) - (seq_from ?? 0) + 1, 0)
}

/** Takes a row out and puts it in again, changed: the columns of the sort key can't be altered in place. */
function replacing(id: string, changes: string): [string, string] {
  const back = `INSERT INTO decisions SELECT * REPLACE (${changes}) FROM (SELECT * FROM genuine WHERE id = '${id}')`
  return [`DELETE FROM decisions WHERE id = '${id}'`, back]
}

function altering(name: string, type: string, id: string): [string, string] {
  return replacing(id, `${otherValue(name, type)} AS ${name}`)
}

function otherValue(name: string, type: string): string {
  // Names of fields that were there but empty: one at least of these was not there.
  if (name === 'empty_fields')
    return `arrayConcat(${name}, ['reasons', 'trust', 'device', 'unmapped', 'subject_groups', 'resource_path_template'])`
  if (type.startsWith('Array')) return `arrayPushBack(${name}, 'other')`
  if (type.includes('Bool')) return `NOT ifNull(${name}, false)`
  if (type.includes('DateTime'))
    return `ifNull(${name}, toDateTime64('2026-01-01 00:00:00', 3, 'UTC')) + INTERVAL 1 SECOND`
  if (type.includes('Int')) return `ifNull(${name}, 0) + 1`
  if (type.includes('Float')) return `ifNull(${name}, 0) + 1`
  if (name === 'unmapped' || name === 'policy_inputs') return `'{"other":1}'`
  return `concat(${name}, 'x')`
}
