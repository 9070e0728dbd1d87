import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessFindings, accessScored } from '../../schemas/topics.ts'
import { readQueries } from '../../services/console/queries/read-queries.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { HOSTILE } from '../support/console/case-stack.ts'
import { cliRun, type CliRun } from '../support/whole/cli-run.ts'
import { startConsoleStack, type ConsoleStack } from '../support/console/console-stack.ts'
import { eventually } from '../support/eventually.ts'
import { sampleFinding, sampleScored } from '../support/events/samples.ts'

const AT = Date.now() - 600_000
const { queries: shipped, problems } = await readQueries(join(tmpdir(), 'no-such-directory'))

/** What finds the two decisions and the finding below, and in how many rows. */
const FINDS: Readonly<Record<string, readonly [values: readonly string[], rows: number]>> = {
  'device-others': [[`device=${HOSTILE}`], 1],
  'after-first-refusal': [[`subject=user:${HOSTILE}`], 1],
  'refused-by-rule': [[`rule=${HOSTILE}`], 1],
  'source-subjects': [['source=192.0.2.0/24'], 1],
  'first-seen': [[`subject=user:${HOSTILE}`], 5],
  'session-path': [[`session=${HOSTILE}`], 2],
  'resource-access': [[`resource=${HOSTILE}`], 1],
  'same-client': [[`fingerprint=${HOSTILE}`], 1],
  'newly-refused': [['revision=r-2'], 1],
  'sessions-of-many-networks': [['networks=1'], 1],
  'findings-about': [[`entity=user:${HOSTILE}`], 1],
}

let stack: ConsoleStack
const gatewatch = (...args: string[]): Promise<CliRun> =>
  cliRun(['--data-dir', stack.runtime.dataDir, 'query', ...args])
const set = (values: readonly string[]) => values.flatMap((value) => ['--set', value])
const rowsOf = ({ out }: CliRun): unknown[] => out.split('\n').filter((line) => line !== '')

beforeAll(async () => {
  stack = await startConsoleStack()
})
afterAll(() => stack.stop())

it('every shipped query is one, and is asked below', () => {
  expect(problems).toEqual([])
  expect([...shipped.keys()].toSorted()).toEqual(Object.keys(FINDS).toSorted())
})

describe('on an empty store', () => {
  it.each([...shipped.keys()])('%s has no rows', async (name) => {
    const answer = await gatewatch('--saved', name, ...set(FINDS[name]?.[0] ?? []), '--json')
    expect(answer).toEqual({ code: 0, out: '', err: '' })
  })
})

describe('on decisions with hostile names', () => {
  beforeAll(async () => {
    const decision = (n: number, outcome: 'deny' | 'permit') =>
      sampleScored({
        id: `d-${n}`,
        decided_at: new Date(AT + n * 1000).toISOString(),
        outcome,
        subject: { type: 'user', id: HOSTILE, session_id: HOSTILE },
        device: { id: HOSTILE },
        resource: { type: 'http', id: HOSTILE, app: 'records' },
        context: { ip: '192.0.2.10', tls_fingerprint: HOSTILE },
        policy: { revision: outcome === 'deny' ? 'r-2' : 'r-1', rule_id: HOSTILE },
      })
    await stack.runtime.eventLog.append([
      jsonRecord(accessScored, decision(0, 'deny')),
      jsonRecord(accessScored, decision(1, 'permit')),
      jsonRecord(
        accessFindings,
        sampleFinding({
          id: 'f-1',
          observed_at: new Date(AT).toISOString(),
          entity: { type: 'subject', id: `user:${HOSTILE}` },
        }),
      ),
    ])
    await eventually('both kinds are stored', async () => {
      const { out } = await gatewatch(
        'SELECT (SELECT count() FROM decisions), (SELECT count() FROM findings)',
        '-f',
        'TSV',
      )
      return out === '2\t1\n'
    })
  })

  it.each(Object.entries(FINDS))(
    '%s finds what it should, as values and not as SQL',
    async (name, [values, rows]) => {
      const answer = await gatewatch('--saved', name, ...set(values), '--json')
      expect(answer.err).toBe('')
      expect(rowsOf(answer)).toHaveLength(rows)
    },
  )

  it('the console lists and asks them, and gives an answer as a file that no spreadsheet runs', async () => {
    const ask = (
      path: string,
      headers: Record<string, string> = { authorization: `Bearer ${stack.token}` },
    ) => fetch(`${stack.url}api/v1/queries${path}`, { headers })
    expect((await ask('', {})).status).toBe(401)
    const list = (await (await ask('')).json()) as { queries: { name: string }[] }
    expect(list.queries.map(({ name }) => name)).toEqual([...shipped.keys()])
    const values = new URLSearchParams({ tenant: 'default', session: HOSTILE })
    const rows = (await (await ask(`/session-path/rows?${values}`)).json()) as {
      rows: unknown[][]
      cut: boolean
    }
    expect(rows).toMatchObject({ cut: false, rows: [{ 1: 'deny' }, { 1: 'permit' }] })
    const csv = await ask(`/session-path/csv?${values}`)
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="session-path.csv"')
    expect(await csv.text()).toContain('"<script>alert(1)</script> ""o\'hara""')
    expect((await ask('/nothing/rows')).status).toBe(404)
    const wrong = await ask('/session-path/rows?tenant=default&from=soon')
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({ message: expect.stringContaining('session is needed') })
  })
})

describe('the operator’s own', () => {
  it('is saved, listed, asked with typed values, and replaced only when told so', async () => {
    const sql = 'SELECT {n:UInt32} + number AS n, {who:String} AS who FROM numbers({rows:UInt32})'
    expect(await gatewatch('--save', 'counting', sql, '--title', 'How many?')).toMatchObject({
      code: 0,
      out: 'Saved. Ask it with: gatewatch query --saved counting --set n=… --set who=… --set rows=…\n',
    })
    expect((await gatewatch('--list')).out).toMatch(/counting +How many\? \(yours\)\n +n {2}who {2}rows\n/)
    const asked = await gatewatch('--saved', 'counting', ...set(['n=7', `who=' OR 1 --`, 'rows=2']), '--json')
    expect(rowsOf(asked)).toEqual([`{"n":7,"who":"' OR 1 --"}`, `{"n":8,"who":"' OR 1 --"}`])
    expect(await gatewatch('--save', 'counting', sql)).toMatchObject({
      code: 2,
      err: expect.stringContaining('already'),
    })
    expect(await gatewatch('--save', 'counting', sql, '--replace')).toMatchObject({ code: 0 })
  })

  it('is cut off at its bound of rows, and says so', async () => {
    const values = ['n=1', 'who=x', 'rows=1000000']
    const url = `${stack.url}api/v1/queries/counting/rows?n=1&who=x&rows=1000000`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${stack.token}` } })
    const { rows, cut } = (await answer.json()) as { rows: unknown[]; cut: boolean }
    expect([rows.length, cut]).toEqual([5000, true])
    const lines = rowsOf(await gatewatch('--saved', 'counting', ...set(values), '--json'))
    expect(lines).toHaveLength(5000)
  })

  it.each([
    [
      ['--saved', 'counting', '--set', 'n=seven', '--set', 'who=x', '--set', 'rows=1'],
      /n must be a whole number/,
    ],
    [['--saved', 'counting', '--set', 'n=1'], /who is needed .*; rows is needed/],
    [['--saved', 'counting', '--set', 'm=1'], /there is no parameter "m"/],
    [['--saved', 'nothing'], /There is no saved query "nothing"/],
    [['--save', '../out', 'SELECT 1'], /its name may have a-z/],
    [['--save', 'x', 'DROP TABLE decisions'], /must begin with SELECT or WITH/],
    [['--save', 'x', 'SELECT * FROM {t:Identifier}'], /is of a type that no value can be given for/],
    [[], /Give a statement, or one of/],
    [['SELECT 1', '--list'], /Give a statement, or one of/],
  ])('query %j is refused with a reason', async (args, said) => {
    const { code, err } = await gatewatch(...args)
    expect(code).toBe(2)
    expect(err).toMatch(said)
  })

  it('may begin with SELECT and still writes nothing: the account can only read', async () => {
    await gatewatch('--save', 'sly', "WITH 1 AS x SELECT * FROM url('http://127.0.0.1:9/', CSV, 'a String')")
    const answer = await gatewatch('--saved', 'sly')
    expect(answer.code).toBe(1)
  })
})

it('a file that can not be used is named with the reason, and the others are there', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatewatch-queries-'))
  const own = join(dataDir, 'queries')
  await mkdir(own)
  const files: Readonly<Record<string, string>> = {
    'broken.yaml': 'title: [',
    'odd.yaml': 'title: x\nsql: SELECT 1\nparameters: { y: {} }\n',
    'two.yaml': 'title: x\nsql: SELECT {a:String}, {a:UInt8}\n',
    'default.yaml': 'title: x\nsql: SELECT {a:UInt8}\nparameters: { a: { default: many } }\n',
    'large.yaml': `title: x\nsql: SELECT 1 --${'x'.repeat(70_000)}\n`,
    'device-others.yaml': 'title: Mine\nsql: SELECT 1\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text)
  const read = await readQueries(dataDir)
  await rm(dataDir, { recursive: true })
  expect(read.problems.map(({ file, problem }) => [file.slice(own.length + 1), problem])).toEqual([
    ['broken.yaml', expect.stringMatching(/^it is no YAML/)],
    ['default.yaml', 'parameters.a.default: is no value of its type'],
    ['large.yaml', 'it is larger than 65536 bytes'],
    ['odd.yaml', 'parameters.y: is not in the SQL'],
    ['two.yaml', 'sql: {a} has two types'],
  ])
  expect(read.queries.size).toBe(shipped.size)
  expect(read.queries.get('device-others')).toMatchObject({ title: 'Mine', origin: 'own' })
})
