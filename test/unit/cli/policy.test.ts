import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../../../services/cli.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-policy-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(...args: string[]) {
  let stdout = ''
  let stderr = ''
  let code = 0
  const io = {
    stdout: { write: (text: string) => ((stdout += text), true) },
    stderr: { write: (text: string) => ((stderr += text), true) },
  }
  await runCli(args, io, {}, (exit) => {
    code = exit
  })
  return { code, stdout, stderr }
}

const GOOD = `version: 1
policy: p
routes:
  - { id: a, host: h.example, path: /a, upstream: 'http://127.0.0.1:1', app: x, public: true, rules: [{ id: all, when: 'true', outcome: permit }] }
`

it('checks: every mistake with its place and exit code 2, or the revision', async () => {
  const good = join(folder, 'good.yaml')
  const bad = join(folder, 'bad.yaml')
  await writeFile(good, GOOD)
  await writeFile(bad, GOOD.replace(`'true'`, `'subject.x'`).replace('path: /a', 'path: a'))
  expect(await run('policy', 'check', good)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/1 route, revision [0-9a-f]{64}/),
  })
  const result = await run('policy', 'check', bad, good)
  expect(result.code).toBe(2)
  expect(result.stderr).toContain(`${bad}:4:`)
  expect(result.stderr).toContain('routes[0].path: must begin with /')
  expect(result.stderr).toContain('No such key: x')
  expect(result.stderr).toContain('2 mistakes')
})

it('tests: the table beside the file, exit code 1 when a row fails', async () => {
  const file = join(folder, 'p.yaml')
  await writeFile(file, GOOD)
  const row = (outcome: string) =>
    `tests: [{ name: one, request: { host: h.example, path: /a }, expect: { outcome: ${outcome} } }]`
  await writeFile(join(folder, 'p.test.yaml'), row('permit'))
  expect(await run('policy', 'test', file)).toMatchObject({
    code: 0,
    stdout: 'ok    one\n1 passed, 0 failed\n',
  })
  await writeFile(join(folder, 'p.test.yaml'), row('deny'))
  const failed = await run('policy', 'test', file)
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('outcome is permit, expected deny')
  expect(failed.stdout.endsWith('0 passed, 1 failed\n')).toBe(true)
})

it('says in one sentence that a file is not there', async () => {
  const result = await run('policy', 'check', join(folder, 'none.yaml'))
  expect(result.code).toBe(2)
  expect(result.stderr).toContain("can't be read; name an existing file.")
})
