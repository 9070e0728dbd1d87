import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../../services/cli.ts'
import { decisionOf, MINUTE } from '../../support/scoring/play.ts'
import { ruleText, temporaryDirectory } from '../../support/scoring/rules.ts'

/** Runs a command in this process. */
async function gatewatch(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  let code = 0
  const io = {
    stdout: { write: (text: string) => out.push(text) > 0 },
    stderr: { write: (text: string) => err.push(text) > 0 },
  }
  await runCli(args, io, {}, (given) => {
    code = given
  })
  return { code, out: out.join(''), err: err.join('') }
}

async function directory(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await temporaryDirectory((close) => onTestFinished(close))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

const good = ruleText('{ s: { action.name: delete }, condition: s }')
const story = (match: boolean) => `{"decision":{"action":{"name":"delete"}},"match":${match}}\n`

describe('gatewatch rules', () => {
  it('check says how many can be used, and names the others with file, line and reason; exit code 2', async () => {
    const one = await directory({ 'a.yml': good })
    expect(await gatewatch('rules', 'check', one)).toMatchObject({ code: 0, err: '' })
    const two = await directory({
      'a.yml': good,
      'b.yml': good.replace('name: it', 'name: b').replace('action', 'acton'),
    })
    const { code, out, err } = await gatewatch('rules', 'check', two)
    expect([code, err]).toEqual([
      2,
      `${two}/b.yml:4:19: there is no field acton.name; is action.name meant?\n`,
    ])
    expect(out).toContain('1 rules and 0 correlations can be used')
    expect(await gatewatch('rules', 'check', join(two, 'none'))).toMatchObject({ code: 2 })
  })

  it('check names a file that is too large, is not there, holds no text or nests without end, and the others load', async () => {
    const one = await directory({
      'a.yml': good,
      'binary.yml': '\u0001\ufffd'.repeat(100),
      'deep.yml': `title: ${'['.repeat(20_000)}`,
      'bomb.yml': `a: &a [x]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]\n`,
      'large.yml': `${good}# ${'x'.repeat(300_000)}`,
      'z.yml': good.replace('name: it', 'name: z'),
    })
    await symlink(join(one, 'nothing'), join(one, 'gone.yml'))
    const { code, out, err } = await gatewatch('rules', 'check', one)
    expect([code, out]).toEqual([2, expect.stringContaining('2 rules and 0 correlations can be used')])
    expect(
      err
        .trim()
        .split('\n')
        .map((line) => line.slice(one.length + 1)),
    ).toEqual([
      "gone.yml:1:1: can't be read (ENOENT)",
      'large.yml:1:1: the file is larger than 262144 bytes',
      'binary.yml:1:1: a rule is a map of keys and values',
      'bomb.yml:1:1: aliases stand for more than 100 values, or nest too deep',
      expect.stringMatching(/^deep\.yml:1:\d+: nests too deep$/),
    ])
  })

  it('check reads a thousand files and two megabytes, and says which is the first that it does not read', async () => {
    const many = await directory(
      Object.fromEntries(Array.from({ length: 1003 }, (_, nth) => [`${1000 + nth}.yml`, ''])),
    )
    expect(await gatewatch('rules', 'check', many)).toMatchObject({
      code: 2,
      err: `${many}/2000.yml:1:1: there are more than 1000 files; this one and those after it are not read\n`,
    })
    const large = `# ${'x'.repeat(260_000)}`
    const full = await directory({
      ...Object.fromEntries(Array.from({ length: 9 }, (_, nth) => [`${nth}.yml`, large])),
      'z.yml': good,
    })
    expect(await gatewatch('rules', 'check', full)).toMatchObject({
      code: 2,
      out: expect.stringContaining('1 rules'),
      err: `${full}/8.yml:1:1: with this file all together are larger than 2097152 bytes\n`,
    })
  })

  it('test plays the stories beside rules; exit code 1 for one that fails, 2 for a mistake', async () => {
    const passes = await gatewatch(
      'rules',
      'test',
      await directory({ 'a.yml': good, 'a.test.jsonl': story(true) }),
    )
    expect(passes).toMatchObject({ code: 0, err: '' })
    expect(passes.out).toContain('Without a story that matches and one that does not: it\n1 passed, 0 failed')
    const fails = await gatewatch(
      'rules',
      'test',
      await directory({ 'a.yml': good, 'a.test.jsonl': story(false) }),
    )
    expect([fails.code, fails.out]).toEqual([
      1,
      expect.stringContaining('a.test.jsonl:1: it matches and should not'),
    ])
    const broken = await directory({ 'a.yml': good, 'a.test.jsonl': '{' })
    expect(await gatewatch('rules', 'test', broken)).toMatchObject({
      code: 2,
      err: `${broken}/a.test.jsonl:1: is no JSON; write one object a line, such as {"decision": {"outcome": "deny"}, "match": true}\n`,
    })
  })

  it('test --against says of each rule and correlation what it read, matches, would tell a day and costs', async () => {
    const decisions = Array.from({ length: 48 }, (_, hour) =>
      JSON.stringify(
        decisionOf('mallory', hour * 60 * MINUTE, { action: { name: hour % 12 === 0 ? 'delete' : 'read' } }),
      ),
    )
    const often = `title: Often\nname: often\ncorrelation: { type: event_count, rules: [part], group-by: [subject.id], timespan: 1d, condition: { gte: 2 } }\n`
    const path = await directory({
      'a.yml': good,
      'often.yml': `${good.replace('name: it', 'name: part')}---\n${often}`,
      'decisions.jsonl': decisions.join('\n'),
    })
    const against = ['rules', 'test', path, '--against', join(path, 'decisions.jsonl')]
    const { code, out } = await gatewatch(...against)
    const [total, head, ...rows] = out.split('\n').map((line) => line.trim().split(/\s{2,}/))
    expect([code, total, head?.slice(0, 4)]).toEqual([
      0,
      ['48 decisions of 2.0 days'],
      ['rule', 'kind', 'read', 'matched'],
    ])
    expect(rows.slice(0, 3).map((row) => row.slice(0, -1))).toEqual([
      ['it', 'rule', '48', '4', '4', '2.04', '2', '0'],
      ['part', 'rule', '48', '4', '-', '-', '-', '-'],
      ['often', 'correlation', '4', '3', '3', '1.53', '2', '0'],
    ])
    const figures: unknown = JSON.parse((await gatewatch(...against, '--json')).out)
    expect(figures).toMatchObject({
      decisions: 48,
      rows: [
        { rule: 'it', us_a_decision: expect.any(Number) },
        { rule: 'part', findings: null },
        { rule: 'often', read: 4 },
      ],
    })
  })
})
