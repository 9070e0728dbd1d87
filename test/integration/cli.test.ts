import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCliProcess } from '../support/whole/cli-process.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatewatch-cli-'))
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const cli = runCliProcess(args, env, directory)
  return { code: await cli.exited(), output: cli.output() }
}

describe('gatewatch', () => {
  it('names its commands', async () => {
    const { code, output } = await run(['--help'])
    expect(code).toBe(0)
    for (const command of ['up', 'run', 'import', 'query', 'status', 'topics', 'token'])
      expect(output).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  })

  it('answers an unknown command or option with exit code 2 and where to look', async () => {
    for (const args of [['upp'], ['up', '--demmo'], ['run', 'painter'], ['token', 'create']]) {
      const { code, output } = await run(args)
      expect([code, output]).toEqual([2, expect.stringContaining("Run 'gatewatch --help'")])
    }
  })

  it('lists every mistake of a configuration, starts nothing, and exits with 2', async () => {
    await writeFile(
      join(directory, 'gatewatch.yaml'),
      'gateway:\n  listen:\n    port: 99999\nlog_level: loud\nclickhouse:\n  password: hunter2\n',
    )
    for (const command of [
      'up',
      'up --demo -c gatewatch.yaml',
      'run gateway',
      'up --check-config',
      'status',
    ]) {
      const { code, output } = await run(command.split(' '), { GATEWATCH_FEEDBACK__PORT: 'hunter3' })
      expect(code).toBe(2)
      expect(output).toContain('4 mistakes')
      expect(output).toContain('gatewatch.yaml:3: gateway.listen.port')
      expect(output).toContain('gatewatch.yaml:4: log_level')
      expect(output).toContain('gatewatch.yaml:6: clickhouse.password')
      expect(output).toContain('GATEWATCH_FEEDBACK__PORT: feedback.port')
      expect(output).not.toMatch(/hunter|\bat .*\.ts:/)
    }
    expect(await readdir(directory)).toEqual(['gatewatch.yaml'])
  })

  it('says that a configuration is valid', async () => {
    expect(await run(['up', '--check-config'])).toEqual({ code: 0, output: 'The configuration is valid.\n' })
  })

  it('says which port is taken and by which setting it is changed, and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, output } = await run(['up'], { GATEWATCH_ADMIN__PORT: String(port) })
    other.close()
    expect(code).toBe(1)
    expect(output).toContain(
      `Port ${port} on 127.0.0.1 is taken by another program; stop that one, or set admin.port`,
    )
    expect(output).not.toMatch(/\bat .*\.ts:/)
  })

  it('refuses a data directory of another version in one sentence', async () => {
    await writeFile(join(directory, 'version'), 'gatewatch data format 99\n')
    const { code, output } = await run(['run', 'scoring', '-d', directory])
    expect(code).toBe(1)
    expect(output).toContain('data format 99')
  })

  it('makes, lists and ends tokens', async () => {
    const made = await run(['token', 'create', 'alice', '--scope', 'analyst', '--ttl-days', '3'])
    expect(made).toEqual({ code: 0, output: expect.stringMatching(/^gw_[0-9a-f]{16}_[\w-]{43}\n$/) })
    const listed = await run(['token', 'list', '--json'])
    const token = JSON.parse(listed.output)
    expect(token).toMatchObject({ name: 'alice', scopes: ['analyst'] })
    expect(listed.output).not.toContain(made.output.trim().slice(-43))
    expect((await run(['token', 'revoke', token.id])).code).toBe(0)
    expect((await run(['token', 'revoke', token.id])).code).toBe(1)
    expect((await run(['token', 'create', 'bob', '--scope', 'everything'])).code).toBe(2)
  })

  it('tells of a directory where nothing runs', async () => {
    const { code, output } = await run(['status'], { GATEWATCH_ADMIN__PORT: '1' })
    expect(code).toBe(1)
    expect(output).toContain('does not answer on the admin port')
    expect(output).toContain('Nobody has read this log yet.')
  })
})
