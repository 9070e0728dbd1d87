import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../../services/cli.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-import-command-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Said {
  readonly out: string
  readonly err: string
  readonly code: number
}

async function gatewatch(...args: readonly string[]): Promise<Said> {
  const said = { out: '', err: '', code: 0 }
  const io = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
  }
  const env = { GATEWATCH_DATA_DIR: join(folder, 'data') }
  await runCli(args, io, env, (code) => {
    said.code = code
  })
  return said
}

/** A spring afternoon of sshd: two people work, and somebody guesses the password of one of them. */
function attack(): string {
  const at = (second: number): string =>
    `Mar 30 ${new Date(Date.UTC(2024, 2, 30, 15, 0, second)).toISOString().slice(11, 19)} bastion`
  const lines: string[] = []
  for (let i = 0; i < 20; i++)
    lines.push(`${at(i * 60)} sshd[${i}]: Accepted publickey for bob from 192.0.2.7 port 9 ssh2`)
  for (let i = 0; i < 40; i++) {
    lines.push(
      `${at(1300 + 2 * i)} sshd[${500 + i}]: Failed password for alice from 198.51.100.9 port ${4000 + i} ssh2`,
    )
  }
  lines.push(`${at(1400)} sshd[900]: Accepted password for alice from 198.51.100.9 port 4900 ssh2`)
  return `${lines.join('\n')}\n`
}

it('imports, scores and stores a log without a running Gatewatch, tells what was found, and the second time changes nothing', async () => {
  const log = join(folder, 'auth.log')
  await writeFile(log, attack())
  const first = await gatewatch('import', '--format', 'sshd', '--year', '2024', log)
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(/lines read +61 /)
  expect(first.out).toMatch(/decisions +61 +21 permitted, 40 refused/)
  expect(first.out).toMatch(
    /HIGH user:alice: 40 failed sign-ins from one source, then a success from 198\.51\.100\.9/,
  )
  expect(first.out).not.toMatch(/user:bob/)
  expect(first.out).toContain(
    '/#/search?tenant=import&from=2024-03-30T15%3A00%3A00.000Z&to=2024-03-30T15%3A23%3A20.000Z',
  )

  const rows = (): Promise<Said> =>
    gatewatch(
      'query',
      '--json',
      "SELECT (SELECT count() FROM decisions WHERE tenant = 'import') AS decisions, (SELECT count() FROM findings) AS findings, (SELECT count() FROM stories) AS stories, (SELECT countIf(level != 'LOW') FROM risk_states) AS restricted",
    )
  const before = await rows()
  expect(JSON.parse(before.out)).toMatchObject({ decisions: 61, restricted: 0 })

  const again = await gatewatch('import', '--format', 'sshd', '--year', '2024', log)
  expect(again.out).toMatch(/decisions +0 /)
  expect(again.out).toMatch(/imported before +61 /)
  expect(again.out).toMatch(/new findings +0 /)
  expect((await rows()).out).toBe(before.out)

  const replayed = await gatewatch('replay')
  expect(replayed).toMatchObject({ code: 0, err: '' })
  expect(replayed.out).toMatch(
    /^103 records scored again: [1-9]\d* of the findings as they were, 0 otherwise\.\n$/,
  )

  const candidate = join(folder, 'candidate.yaml')
  await writeFile(candidate, 'scoring: { idle_days: 30 }\n')
  const tried = await gatewatch('replay', '--candidate', candidate)
  expect(tried).toMatchObject({ code: 0, err: '' })
  expect(tried.out).toMatch(/^detector +then +now +only now +only then$/m)
  expect(tried.out).toMatch(/^success-after-failures +1 +1 +0 +0$/m)
  await writeFile(candidate, 'scoring: { idle_days: never }\n')
  expect(await gatewatch('replay', '--candidate', candidate)).toMatchObject({
    code: 2,
    err: expect.stringContaining('scoring.idle_days'),
  })
})

it('says in one sentence what is wrong with a source, with exit code 2', async () => {
  const binary = join(folder, 'core')
  await writeFile(binary, Buffer.alloc(64))
  expect(await gatewatch('import', '--format', 'sshd', binary)).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^gatewatch: core: byte 0 is 0x00, .*it is a binary file; .*\n$/),
  })
  expect(await gatewatch('import', '--format', 'sshd', join(folder, 'none'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/there is no file/),
  })
  for (const wrong of [
    ['--format', 'csv'],
    ['--format', 'sshd', '--year', '7'],
    ['--format', 'sshd', '--timezone', 'Mars'],
    ['--format', 'sshd', '--tenant', 'A B'],
    [],
  ]) {
    expect((await gatewatch('import', ...wrong, binary)).code).toBe(2)
  }
})
