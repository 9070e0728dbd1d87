import { describe, expect, it } from 'vitest'
import type { DecisionInput } from '../../../../../schemas/decision.ts'
import { decisionOf } from '../../../../support/scoring/play.ts'
import { problemsOf, rulesOf, ruleText, scoredOf } from '../../../../support/scoring/rules.ts'

/** Whether a rule with this detection matches a decision of alice's. */
function matches(
  detection: string,
  over: Partial<DecisionInput> = {},
  scores: Record<string, number> = {},
): boolean {
  const [rule] = rulesOf(ruleText(detection)).matched
  return rule?.test(scoredOf(decisionOf('alice', 0, over), scores)) === true
}
const selects = (fields: string, over: Partial<DecisionInput> = {}) =>
  matches(`{ s: { ${fields} }, condition: s }`, over)

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const over: Partial<DecisionInput> = {
  outcome: 'deny',
  decided_at: '2026-01-04T22:05:00.000Z',
  subject: { type: 'user', id: 'alice', groups: ['staff', 'Admins'] },
  device: { id: 'alice', managed: false },
  context: { ip: '192.0.2.10', user_agent: AGENT, http: { status: 403, method: 'GET', path: '/a/b' } },
  unmapped: { okta: { 'event.type': 'x', risk: 7 } },
}

describe('a rule of single decisions', () => {
  it.each<[fields: string, matches: boolean]>([
    ['subject.id: ALICE', true],
    ['subject.id|cased: ALICE', false],
    ["subject.id: 'al*'", true],
    ['subject.id: [bob, alice]', true],
    ['subject.id|neq: bob', true],
    ['subject.id|neq: [bob, alice]', false],
    ['subject.id|contains: lic', true],
    ['subject.id|startswith: lic', false],
    ['subject.id|endswith: ice', true],
    ['context.user_agent|contains|all: [gecko, linux]', true],
    ['context.user_agent|contains|all: [gecko, windows]', false],
    ["context.user_agent|re: 'Firefox/1[0-9]+'", true],
    ["context.user_agent|re: 'firefox/1[0-9]+'", false],
    ["context.user_agent|re|i: 'firefox/1[0-9]+'", true],
    ['context.ip|cidr: 192.0.2.0/25', true],
    ["context.user_agent|re: '(?i)firefox/1[0-9]+'", true],
    ["context.ip|cidr: [10.0.0.0/8, '2001:db8::/32']", false],
    ["context.ip|cidr: ['fe80::/10', 'fc00::/7', '::/0']", false],
    ['context.ip|cidr: 128.0.0.0/1', true],
    ['context.ip|cidr: 0.0.0.0/0', true],
    ['source.prefix|cidr: 192.0.0.0/16', true],
    ['context.http.status: 403', true],
    ["context.http.status: '40*'", true],
    ['context.http.status|gte: 400', true],
    ['context.http.status|lt: 400', false],
    ['context.http.status|neq: 403', false],
    ['device.managed: false', true],
    ['device.managed: true', false],
    ['device.os: null', true],
    ['device.id: null', false],
    ['device.os|exists: false', true],
    ['device.os|exists: true', false],
    ["device.os: ''", false],
    ['subject.groups: admins', true],
    ['subject.groups|all: [staff, admins]', true],
    ['subject.groups|all: [staff, root]', false],
    ['subject.groups|neq: admins', false],
    ['device.id|fieldref: subject.id', true],
    ['device.id|fieldref|neq: subject.id', false],
    ['device.os|fieldref: subject.id', false],
    ['decided_at|hour: 22', true],
    ['decided_at|hour|gte: 23', false],
    ['decided_at|minute|lt: 6', true],
    ['decided_at|day: 4, decided_at|month: 1, decided_at|year: 2026', true],
    // A Sunday belongs to the week that began on Monday, 29 December.
    ['decided_at|week: 1', true],
    ['source.country: DE, source.asn: 64500', true],
    ['user_agent.family: firefox', true],
    ['unmapped.okta.risk|gt: 6', true],
    ['unmapped.okta.event.type: x', false],
    ['cs-method: get, sc-status: 403, c-uri|startswith: /a, User: alice', true],
    ['outcome: permit', false],
  ])('%s: %s', (fields, expected) => {
    expect(selects(fields, over)).toBe(expected)
  })

  it('reads scores of detectors', () => {
    const detection = '{ s: { scores.unfamiliar-context|gte: 10 }, condition: s }'
    expect(matches(detection, {}, { 'unfamiliar-context': 12 })).toBe(true)
    expect(matches(detection, {}, { volume: 12 })).toBe(false)
  })

  it('takes one of several maps, and one of several conditions', () => {
    const detection =
      '{ s: [{ subject.id: bob }, { subject.id: alice, outcome: permit }], f: { outcome: deny }, condition: [f, s] }'
    expect(matches(detection)).toBe(true)
    expect(matches(detection, { subject: { type: 'user', id: 'carol' } })).toBe(false)
    expect(matches(detection, { subject: { type: 'user', id: 'carol' }, outcome: 'deny' })).toBe(true)
  })

  it.each<[detection: string, problem: string]>([
    ['{ s: { outcom: deny }, condition: s }', 'r.yml:4:19: there is no field outcom; is outcome meant?'],
    ['{ s: { ip: 192.0.2.1 }, condition: s }', 'r.yml:4:19: there is no field ip; is context.ip meant?'],
    [
      '{ s: { outcome: denied }, condition: s }',
      'r.yml:4:28: outcome is never denied; it is one of permit, deny, step_up, revoke, error_closed, error_open',
    ],
    ['{ s: { outcome: deny }, condition: t }', 'r.yml:4:47: there is no search identifier t'],
    ['{ s: { outcome: deny }, condition: "s and t" }', 'r.yml:4:54: there is no search identifier t'],
    [
      '{ s: [deny], condition: s }',
      'r.yml:4:18: search words without a field are not supported: a decision has fields, and no message',
    ],
    [
      "{ s: { '|all': [a, b] }, condition: s }",
      'r.yml:4:19: search words without a field are not supported: a decision has fields, and no message',
    ],
    [
      '{ s: { subject.id|base64: a }, condition: s }',
      'r.yml:4:19: the modifier base64 is for encoded command lines; a decision holds none',
    ],
    [
      '{ s: { subject.id|windash: a }, condition: s }',
      'r.yml:4:19: the modifier windash is for command lines of Windows; a decision holds none',
    ],
    [
      "{ s: { subject.id|expand: '%admins%' }, condition: s }",
      'r.yml:4:19: the modifier expand needs placeholders, which are not supported: write the values out',
    ],
    ['{ s: { subject.id|like: a }, condition: s }', 'r.yml:4:19: there is no modifier like'],
    ['{ s: { subject.id|contains|all: a }, condition: s }', 'r.yml:4:19: all asks for several values'],
    [
      '{ s: { subject.id: [a, null] }, condition: s }',
      'r.yml:4:35: null is no member of a list: give it a search identifier of its own',
    ],
    ['{ s: { subject.id|gte: 3 }, condition: s }', 'r.yml:4:19: subject.id is no number'],
    ['{ s: { context.http.status: high }, condition: s }', 'r.yml:4:40: context.http.status is a number'],
    ['{ s: { context.http.status|gte: high }, condition: s }', 'r.yml:4:44: gte compares with a number'],
    ['{ s: { device.managed: unmanaged }, condition: s }', 'r.yml:4:35: device.managed is true or false'],
    [
      '{ s: { context.ip|cidr: 10.0.0.0 }, condition: s }',
      'r.yml:4:36: 10.0.0.0 is no range of addresses, such as 192.0.2.0/24',
    ],
    ["{ s: { context.user_agent|re: 'a(b' }, condition: s }", 'r.yml:4:44: this group is never closed'],
    ['{ s: { subject.id|hour: 3 }, condition: s }', 'r.yml:4:19: subject.id is no instant'],
    [
      '{ s: { outcome: deny }, timeframe: 5m, condition: s }',
      'r.yml:4:36: timeframe is no part of Sigma 2: write a correlation rule',
    ],
    [
      '{ s: { outcome: deny }, condition: s | count() > 5 }',
      'r.yml:4:49: aggregations after | are no part of Sigma 2: write a correlation rule',
    ],
    ['{ s: {}, condition: s }', 'r.yml:4:17: this map names no field'],
    ['{ s: { outcome: deny } }', 'r.yml:4:12: there is no condition'],
    ['{ s: { outcome: deny }, condition: [[s]] }', 'r.yml:4:48: a condition is a text'],
    ["{ s: { subject.id|re: 'a(?=b)' }, condition: s }", 'r.yml:4:36: look-around is not supported'],
    [
      "{ s: { subject.id|re: 'a(?i)b' }, condition: s }",
      'r.yml:4:36: flags are i, m and s, and stand at the very beginning',
    ],
    [
      "{ s: { subject.id|re: '(?<x>a)' }, condition: s }",
      'r.yml:4:35: named groups are not supported; leave the name out',
    ],
  ])('%s is refused', (detection, problem) => {
    expect(problemsOf(ruleText(detection))).toEqual([problem])
  })

  it.each([
    ['level: severe', /^r\.yml:5:8: level: /],
    ['status: unsupported', /^r\.yml:5:9: its author calls it unsupported$/],
    ['gatewatch: { findings_a_day: 3 }', /^r\.yml:5:14: findings_a_day is no key of gatewatch$/],
    ['gatewatch: { cause: signal }', /^r\.yml:5:21: gatewatch\.cause: /],
    ['fields: [subject.name]', /^r\.yml:5:10: there is no field subject\.name; is action\.name meant\?$/],
  ])('%s is refused', (line, problem) => {
    const [found, ...others] = problemsOf(ruleText('{ s: { outcome: deny }, condition: s }', line))
    expect(found).toMatch(problem)
    expect(others).toEqual([])
  })

  it('for another product is refused', () => {
    const text = ruleText('{ s: { outcome: deny }, condition: s }').replace(
      'product: gatewatch',
      'product: windows',
    )
    expect(problemsOf(text)).toEqual(['r.yml:3:23: only decisions are read here: product must be gatewatch'])
  })
})
