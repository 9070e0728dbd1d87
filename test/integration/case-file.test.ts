import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { CaseFile } from '../../schemas/case-file.ts'
import { erased } from '../../schemas/chain.ts'
import { privacyErasures } from '../../schemas/topics.ts'
import { escaped } from '../../services/console/cases/html/markup.ts'
import { packedInPage, pageOf, unpacked } from '../../services/console/cases/html/page.ts'
import { renderCase } from '../../services/console/cases/render.ts'
import { openCases } from '../../services/console/open-cases.ts'
import { newErasure } from '../../services/erasure/main.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'
import { openSecret } from '../../services/runtime/secrets.ts'
import { readKnownKeys } from '../../services/runtime/checkpoints/signing-key.ts'
import { eraseStored, HOSTILE, startCaseStack, type CaseStack } from '../support/console/case-stack.ts'
import { cliRun } from '../support/whole/cli-run.ts'

let stack: CaseStack
let directory: string
let key: string
/** Of alice, made once; tests change copies of it. */
let made: CaseFile

beforeAll(async () => {
  stack = await startCaseStack()
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-case-'))
  key = (await readKnownKeys(stack.runtime.dataDir)).at(-1)?.public_key ?? ''
  made = await caseOf('alice')
})

afterAll(async () => {
  await stack.stop()
  await rm(directory, { recursive: true, force: true })
})

const gatewatch = (...args: string[]) => cliRun(['--data-dir', stack.runtime.dataDir, ...args])
/** Beside no data directory of ours: a third party's machine. */
const elsewhere = (...args: string[]) => cliRun(['--data-dir', join(directory, 'none'), ...args])

async function caseOf(...args: string[]): Promise<CaseFile> {
  const { code, out, err } = await gatewatch('case', ...args)
  expect(err).toBe('')
  expect(code).toBe(0)
  return CaseFile.parse(JSON.parse(out))
}

async function checked(
  file: unknown,
  ...more: string[]
): Promise<{ code: number; out: string; err: string }> {
  const path = join(directory, 'changed.json')
  await writeFile(path, JSON.stringify(file))
  return elsewhere('case', 'check', path, '--key', key, ...more)
}

it('holds everything about a subject, and proves every decision to whoever has the file and the public key', async () => {
  const file = structuredClone(made)
  expect(file.decisions).toMatchObject({ left_out: 0 })
  expect(file.decisions.rows.map(({ decision }) => decision.id)).toEqual(
    stack.decisions.filter(({ subject }) => subject.id === 'alice').map(({ id }) => id),
  )
  expect(file.decisions.rows.map(({ link }) => link?.hash)).toEqual(
    stack.decisions.filter(({ subject }) => subject.id === 'alice').map(({ chain }) => chain?.hash),
  )
  expect(file.findings.rows.map(({ id }) => id)).toEqual(['f-1'])
  expect(file.stories.rows).toHaveLength(1)
  expect(file.verdicts.rows).toMatchObject([{ analyst: 'bob', note: `seen ${HOSTILE}` }])
  expect(file.risk.rows.length).toBeGreaterThan(0)
  expect(file.suppressed.rows).toContainEqual({
    at: stack.decisions[60]?.decided_at,
    what: 'gate',
    about: 'f-1',
    why: 'carrier network',
    factor: 0.5,
  })
  expect(file.policy_revisions.rows).toMatchObject([{ revision: 'a'.repeat(64), decisions: 50 }])
  expect(file.places.rows).toMatchObject([{ country: 'PT', city: 'Lisbon', decisions: 50 }])
  expect(await checked(file)).toMatchObject({
    code: 0,
    out: 'Proven: every decision is what was recorded, and the file is what was sealed.\n50 of 50 decisions are borne out by a trusted signature.\n',
  })
})

it('names nobody else: of the links between, the personal fields are left out and committed', async () => {
  const file = structuredClone(made)
  const links = file.proof.stretches.flatMap((stretch) => stretch.links)
  expect(links.length).toBeGreaterThan(100)
  const text = JSON.stringify(file.proof.stretches)
  for (const secret of ['mallory', 'hara', 'laptop-1', 's-1', '192.0.2']) expect(text).not.toContain(secret)
})

it('is the same to the byte when it is made again, but for the time of making', async () => {
  const again = await caseOf('alice')
  expect(again.created_at).not.toBe(made.created_at)
  const timeless = (file: CaseFile) => JSON.stringify({ ...file, created_at: '' })
  expect(timeless(again)).toBe(timeless(made))
})

describe('what was altered in a case file is said', () => {
  it.each<[what: string, alter: (file: CaseFile) => void, said: RegExp]>([
    [
      'a field of a decision',
      ({ decisions }) => (at(decisions.rows, 4).decision.outcome = 'revoke'),
      /altered: decision \S+-12: it is not what was recorded/,
    ],
    [
      'the person of a decision',
      ({ decisions }) => (at(decisions.rows, 4).decision.subject.id = 'bob'),
      /decision \S+-12: its personal fields \(subject, device, context\) are not/,
    ],
    [
      'the salt of a decision',
      ({ decisions }) =>
        (at(decisions.rows, 4).link = { ...link(at(decisions.rows, 4)), salt: '0'.repeat(32) }),
      /decision \S+-12: its personal fields/,
    ],
    [
      'a link of somebody else',
      ({ proof }) => {
        const other = at(proof.stretches, 0).links.find((one) => 'rest' in one)
        if (other && 'rest' in other) other.rest = other.rest.replace('"read"', '"edit"')
      },
      /something before number \d+ is not what was recorded/,
    ],
    [
      'a decision that is left out',
      ({ decisions }) => decisions.rows.splice(4, 1),
      /decision \S+-12: a proof names it, and the file lacks it/,
    ],
    [
      'the checkpoint',
      ({ proof }) => (at(proof.stretches, 0).checkpoint.hash = 'f'.repeat(64)),
      /its checkpoint does not bear the signature of its key/,
    ],
    [
      'a finding',
      ({ findings }) => (at(findings.rows, 0).risk_level = 'LOW'),
      /altered: findings: not what was sealed/,
    ],
    [
      'a verdict',
      ({ verdicts }) => (at(verdicts.rows, 0).note = ''),
      /altered: verdicts: not what was sealed/,
    ],
    [
      'the seal',
      ({ seal }) => (seal.parts['findings'] = '0'.repeat(64)),
      /the seal does not bear the signature of its key/,
    ],
  ])('%s', async (_what, alter, said) => {
    const file = structuredClone(made)
    alter(file)
    const { code, out } = await checked(file)
    expect(code).toBe(1)
    expect(out).toMatch(/^Refuted/)
    expect(out).toMatch(said)
  })
})

it('is not believed on the word of a key that nobody named', async () => {
  const file = structuredClone(made)
  const path = join(directory, 'case.json')
  await writeFile(path, JSON.stringify(file))
  const { code, out } = await elsewhere('case', 'check', path, '--key', 'A'.repeat(43))
  expect(code).toBe(3)
  expect(out).toContain('0 of 50 decisions are borne out by a trusted signature.')
  expect(out).toContain('which none of the given keys vouches for')
})

it('still proves once a person was erased from it: the commitment stays', async () => {
  const file = structuredClone(made)
  const rows = file.decisions.rows.map((one, n) => {
    const chained = stack.decisions.find(({ id }) => id === one.decision.id)
    if (n % 2 === 1 || !chained || one.link === null) return one
    const { chain: _chain, ...decision } = erased(chained)
    const { salt: _salt, ...kept } = one.link
    return { ...one, decision, link: kept }
  })
  const { out } = await checked({ ...file, decisions: { ...file.decisions, rows } })
  expect(out).toContain('50 of 50 decisions are borne out by a trusted signature.')
  // What the seal covers is no longer the same: it was made before.
  expect(out).toContain('altered: decisions: not what was sealed')
})

it('is drawn as a page without scripts that proves itself, and shows when a figure in it was altered', async () => {
  const path = join(directory, 'case.html')
  const { code, err } = await gatewatch('case', '--story', storyId(), '--out', path)
  expect({ code, err }).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^Wrote .*case\.html: \d+ decisions/),
  })
  const page = await readFile(path, 'utf8')
  expect(page).not.toContain('<script')
  expect(page).not.toMatch(/(?:src|href)=/)
  expect(page).toContain(`default-src &#39;none&#39;`)
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(await elsewhere('case', 'check', path, '--key', key)).toMatchObject({ code: 0 })
  await writeFile(path, page.replace('Refused about 12 times', 'Refused about 2 times'))
  const altered = await elsewhere('case', 'check', path, '--key', key)
  await writeFile(path, page.replace('gatewatch-case-page-', 'gatewatch-case-page-0'))
  expect(await elsewhere('case', 'check', path, '--key', key)).toMatchObject({
    code: 3,
    out: expect.stringContaining('another version of Gatewatch drew this page'),
  })
  expect(altered).toMatchObject({
    code: 1,
    out: expect.stringContaining('the page does not show what is in the case inside it'),
  })
})

it('as a page stays small where its proofs are long, and shows places on a map of the world', () => {
  const file = structuredClone(made)
  const [stretch] = file.proof.stretches
  const other = stretch?.links.find((one) => 'rest' in one)
  if (stretch === undefined || other === undefined || !('rest' in other))
    throw new Error('nobody else is there')
  // As of a busy gateway: alike but for numbers, instants, ids and hashes, which can't be packed.
  stretch.links = Array.from({ length: 10_000 }, (_, n) => ({
    rest: other.rest.replace(/"seq":\d+/, `"seq":${n}`).replace(/"id":"[^"]+"/, `"id":"${randomUUID()}"`),
    personal_hash: randomBytes(32).toString('hex'),
  }))
  const page = pageOf(file)
  expect(JSON.stringify(file).length).toBeGreaterThan(4_000_000)
  expect(page.length).toBeLessThan(1_500_000)
  expect(CaseFile.parse(JSON.parse(unpacked(packedInPage(page)) ?? ''))).toEqual(file)
  expect(page).toMatch(/<path class="land" d="M[^"]{20000,40000}"\/>/)
})

it('of too many decisions takes those that findings rest on, and counts what it left out', async () => {
  const few = await caseOf('alice', '--decisions', '5')
  expect(few.decisions).toMatchObject({ left_out: 45 })
  const contributing = few.decisions.rows.filter(({ finding_ids }) => finding_ids.length > 0)
  expect(contributing.map(({ decision }) => decision.id)).toEqual(
    [12, 36, 60].map((n) => stack.decisions[n]?.id),
  )
})

it('is no longer as a page than it may be, and says itself what is left out, which proofs too, and how to see it', async () => {
  const cases = openCases(stack.runtime, stack.clickhouse, [])
  onTestFinished(() => cases.stop())
  const build = async (about: CaseFile['about'], page_bytes: number) => {
    const question = { tenant: 'default', about, from_ms: null, to_ms: null }
    const file = await cases.build(question, { now_ms: Date.now(), limits: { page_bytes } })
    if (file === null) throw new Error('there is no such case')
    const page = renderCase(file, 'html')
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(page_bytes)
    return { file, page }
  }
  const { file, page } = await build(
    { kind: 'entity', entity: { type: 'subject', id: `user:${HOSTILE}` } },
    130_000,
  )
  const { rows, left_out, statement = '' } = file.decisions
  expect(rows.length).toBeGreaterThan(0)
  expect(left_out).toBeGreaterThan(0)
  expect(page).toContain(`${left_out} more are left out of this file.`)
  expect(page).toContain(escaped(statement))
  const all = (await gatewatch('query', statement, '--json')).out.trim().split('\n')
  expect(all.length).toBe(rows.length + left_out)

  // The first is the one it is about; what is left takes some others, but not its proof of fifty links.
  const one = await build({ kind: 'decision', id: at([...stack.decisions], 2).id }, 100_000)
  expect(at(one.file.decisions.rows, 0)).toMatchObject({
    decision: { id: stack.decisions[2]?.id },
    unproven: expect.stringMatching(/^left out: the proofs/),
  })
})

it.each([
  [['nobody'], 1, /Nothing is known of it/],
  [['--finding', 'f-404'], 1, /Nothing is known of it/],
  [[], 2, /Name one subject, or one of/],
  [['alice', '--story', 'x'], 2, /Name one subject, or one of/],
  [['alice', '--format', 'pdf'], 2, /--format is json or html/],
  [['alice', '--from', 'yesterday'], 2, /--from must be an instant/],
])('case %j ends with code %i and says why', async (args, code, said) => {
  const result = await gatewatch('case', ...args)
  expect(result.code).toBe(code)
  expect(result.err).toMatch(said)
})

it('the console gives the same file to whoever has an analyst token, as a download that can do nothing', async () => {
  const url = `${stack.url}api/v1/cases/entity/subject/user:alice?format=html`
  expect((await fetch(url)).status).toBe(401)
  const answer = await fetch(url, { headers: { authorization: `Bearer ${stack.token}` } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="case-subject-[0-9a-f]{16}\.html"$/,
  )
  expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox;/)
  const path = join(directory, 'taken.html')
  await writeFile(path, await answer.text())
  expect(await elsewhere('case', 'check', path, '--key', key)).toMatchObject({ code: 0 })
  const ask = async (rest: string) =>
    (await fetch(`${stack.url}api/v1/cases/${rest}`, { headers: { authorization: `Bearer ${stack.token}` } }))
      .status
  expect(await ask('finding/f-404')).toBe(404)
  expect(await ask('nothing/f-1')).toBe(404)
  expect(await ask('finding/f-1?format=pdf')).toBe(400)
})

it('a person who is erased from the store is gone from others’ cases, and their proof holds', async () => {
  await eraseStored(stack, 'mallory')
  const file = await caseOf('alice')
  expect(file.decisions.rows.every(({ unproven }) => unproven === null)).toBe(true)
  expect(await checked(file)).toMatchObject({ code: 0 })
  const links = file.proof.stretches.flatMap((stretch) => stretch.links)
  expect(links.length).toBe(made.proof.stretches.flatMap((stretch) => stretch.links).length)
  expect(await gatewatch('case', 'mallory')).toMatchObject({
    code: 1,
    err: expect.stringContaining('Nothing is known'),
  })
})

it('the case of a decision whose person was erased is of that decision and of nobody else who was erased, says so, and is proven', async () => {
  const [one] = stack.decisions.filter(({ subject }) => subject.id === 'mallory')
  const path = join(directory, 'erased.html')
  expect(await gatewatch('case', '--decision', one?.id ?? '', '--out', path)).toMatchObject({ code: 0 })
  const page = await readFile(path, 'utf8')
  expect(page).toContain('1 of these decisions are of persons who were erased')
  const file = CaseFile.parse(JSON.parse(unpacked(packedInPage(page)) ?? ''))
  expect(file.decisions.rows.map(({ decision }) => decision)).toMatchObject([
    { id: one?.id, subject: { type: 'user', id: 'erased' } },
  ])
  expect(file.entities).toEqual([])
  expect(await elsewhere('case', 'check', path, '--key', key)).toMatchObject({
    code: 0,
    out: expect.stringContaining(
      '1 of 1 decisions are borne out by a trusted signature.\n1 of them are of persons who were erased.',
    ),
  })
  expect(await gatewatch('case', 'erased')).toMatchObject({ code: 1 })

  const { eventLog, dataDir } = stack.runtime
  const person = { tenant: 'default', subject: { type: 'user' as const, id: 'mallory' } }
  const erasure = newErasure(
    { ...person, sessions: [], devices: [], addresses: [], prefixes: [] },
    await openSecret(dataDir, 'erasure'),
    { requested_by: 'office', now_ms: Date.now() },
  )
  await eventLog.append([jsonRecord(privacyErasures, erasure)])
  expect(await gatewatch('case', 'mallory')).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      `It was erased on request: what was decided until ${erasure.before} is kept`,
    ),
  })
  const ask = async (path: string) =>
    (
      await fetch(`${stack.url}api/v1/${path}`, { headers: { authorization: `Bearer ${stack.token}` } })
    ).json()
  expect(await ask('cases/entity/subject/user:mallory')).toMatchObject({
    code: 'ERR_NOT_FOUND',
    message: expect.stringContaining(
      `It was erased on request: what was decided until ${erasure.before} is kept`,
    ),
  })
  expect(await ask('cases/entity/subject/user:nobody')).toMatchObject({
    message: expect.stringContaining('Nothing is known of it in the tenant default'),
  })
  const timeline = (id: string) => ask(`entities/subject/${id}/timeline`)
  expect(await timeline('user:mallory')).toMatchObject({ erased_before: erasure.before })
  expect(await timeline('user:nobody')).toMatchObject({ erased_before: null })
})

it('a file that is no case file is named as such', async () => {
  const path = join(directory, 'other.json')
  await writeFile(path, '{}')
  expect(await elsewhere('case', 'check', path)).toMatchObject({
    code: 2,
    err: expect.stringContaining('is no case file'),
  })
})

function storyId(): string {
  return at(made.stories.rows, 0).id
}

function at<T>(rows: readonly T[], n: number): T {
  const row = rows[n]
  if (row === undefined) throw new Error(`there is no row ${n}`)
  return row
}

function link({ link: kept }: CaseFile['decisions']['rows'][number]) {
  if (kept === null) throw new Error('it has no link')
  return kept
}
