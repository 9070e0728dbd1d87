import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError } from '../../../services/runtime/config-problem.ts'
import { loadConfig } from '../../../services/runtime/config.ts'
import { duration } from '../../../services/runtime/duration.ts'

const Schema = z.strictObject({
  name: z.string().max(20).default('gatewatch'),
  gateway: z
    .strictObject({ port: z.int().min(0).max(65535).default(8080), hosts: z.array(z.string()).default([]) })
    .prefault({}),
  store: z
    .strictObject({ password: z.string().optional(), password_file: z.string().optional() })
    .prefault({}),
  pause: duration({ min_ms: 100, max_ms: 60_000 }).prefault('5s'),
})

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatewatch-config-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function file(text: string): string {
  const path = join(directory, 'gatewatch.yaml')
  writeFileSync(path, text)
  return path
}

function problemsOf(sources: Parameters<typeof loadConfig>[1]) {
  try {
    loadConfig(Schema, sources)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ source, line, path }) => [source.replace(`${directory}/`, ''), line, path])
    throw error
  }
  return []
}

/** What a person would read; empty when the configuration is valid. Any fault but a ConfigError fails the test. */
function messageOf(sources: Parameters<typeof loadConfig>[1]): string {
  try {
    loadConfig(Schema, sources)
    return ''
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return String(error)
  }
}

describe('loadConfig', () => {
  it('needs nothing: every setting has a default', () => {
    expect(loadConfig(Schema, { env: {} })).toEqual({
      name: 'gatewatch',
      gateway: { port: 8080, hosts: [] },
      store: {},
      pause: 5000,
    })
  })

  it('lists every mistake at once, each with its file, line and path', () => {
    const path = file(
      'name: 5\ngateway:\n  port: 70000\n  prot: 1\n  hosts:\n    - a\n    - 7\nunknown: {}\npause: soon\n',
    )
    expect(problemsOf({ file: path, env: {} })).toEqual([
      ['gatewatch.yaml', 1, 'name'],
      ['gatewatch.yaml', 3, 'gateway.port'],
      ['gatewatch.yaml', 7, 'gateway.hosts.1'],
      ['gatewatch.yaml', 4, 'gateway.prot'],
      ['gatewatch.yaml', 9, 'pause'],
      ['gatewatch.yaml', 8, 'unknown'],
    ])
  })

  it('takes variables over the file, as numbers and lists where the setting is one', () => {
    const config = loadConfig(Schema, {
      file: file('gateway: { port: 1 }\nname: a\n'),
      env: {
        GATEWATCH_GATEWAY__PORT: '8088',
        GATEWATCH_GATEWAY__HOSTS: '[a, b]',
        GATEWATCH_NAME: '12',
        OTHER: 'x',
      },
    })
    expect(config).toMatchObject({ name: '12', gateway: { port: 8088, hosts: ['a', 'b'] } })
  })

  it('takes defaults of the caller below file and variables, section by section', () => {
    const config = loadConfig(Schema, {
      file: file('gateway: { hosts: [x] }\n'),
      env: {},
      defaults: { name: 'demo', gateway: { port: 9, hosts: ['y'] } },
    })
    expect(config).toMatchObject({ name: 'demo', gateway: { port: 9, hosts: ['x'] } })
  })

  it('names the variable that is wrong', () => {
    expect(problemsOf({ env: { GATEWATCH_GATEWAY__PORT: 'many', GATEWATCH_X__Y: '1' } })).toEqual([
      ['GATEWATCH_GATEWAY__PORT', null, 'gateway.port'],
      ['GATEWATCH_X__Y', null, 'x'],
    ])
  })

  it('leaves reserved variables alone', () => {
    expect(problemsOf({ env: { GATEWATCH_CONFIG: 'a' }, reserved: ['GATEWATCH_CONFIG'] })).toEqual([])
    expect(problemsOf({ env: { GATEWATCH_CONFIG: 'a' } })).toHaveLength(1)
  })

  it('refuses a secret in the file, and takes it by variable', () => {
    expect(problemsOf({ file: file('store:\n  password: hunter2\n'), env: {} })).toEqual([
      ['gatewatch.yaml', 2, 'store.password'],
    ])
    expect(loadConfig(Schema, { env: { GATEWATCH_STORE__PASSWORD: '0042' } }).store.password).toBe('0042')
  })

  it('says the line of YAML that is none, of a key that stands twice, and of a file that is missing', () => {
    expect(problemsOf({ file: file('name: a\n  port: [\n'), env: {} }).map(([, line]) => line)).toContain(3)
    expect(problemsOf({ file: file('name: a\nname: b\n'), env: {} })).toEqual([['gatewatch.yaml', 2, '']])
    expect(problemsOf({ file: join(directory, 'none.yaml'), env: {} })).toEqual([['none.yaml', null, '']])
    expect(problemsOf({ file: file('- a\n- b\n'), env: {} })).toEqual([['gatewatch.yaml', 1, '']])
  })

  it('never lets a value into a message, whatever the file or the variables hold', () => {
    const secret = 'S3cr3t-value-of-somebody'
    fc.assert(
      fc.property(
        fc.constantFrom(
          'NAME',
          'GATEWAY',
          'GATEWAY__PORT',
          'GATEWAY__HOSTS',
          'STORE__PASSWORD__X',
          'PAUSE',
          'NEW',
          '__PROTO__',
          'CONSTRUCTOR__X',
        ),
        fc.constantFrom(
          (text: string) => text,
          (text: string) => `[${text}`,
          (text: string) => `{ ${text}: 1`,
          (text: string) => `*${text}`,
          (text: string) => `!${text} x`,
          (text: string) => `"${text}`,
          (text: string) => `%${text}\n---\n`,
        ),
        fc.boolean(),
        (name, wrap, inFile) => {
          const path = name.toLowerCase().split('__')
          const text = path.map((key, depth) => `${'  '.repeat(depth)}${key}:`).join('\n')
          const sources = inFile
            ? { file: file(`${text} ${wrap(secret)}\n`), env: {} }
            : { env: { [`GATEWATCH_${name}`]: wrap(secret) } }
          expect(messageOf(sources)).not.toContain(secret)
        },
      ),
    )
  })

  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1m', 60_000],
  ])('reads the duration %s as %i ms', (text, ms) => {
    expect(loadConfig(Schema, { env: { GATEWATCH_PAUSE: text } }).pause).toBe(ms)
  })

  it.each(['30', '1.5s', '-1s', '5m', '1ms', 's', '30 s'])('refuses the duration %s', (text) => {
    expect(problemsOf({ env: { GATEWATCH_PAUSE: text } })).toEqual([['GATEWATCH_PAUSE', null, 'pause']])
  })
})
