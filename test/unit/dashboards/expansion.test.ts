import { describe, expect, it } from 'vitest'
import { expand } from '../../../services/console/dashboards/macros.ts'
import { expandAsGrafana } from '../../support/dashboards/grafana-expansion.ts'
import { questions } from '../../support/dashboards/questions.ts'

const range = { from: new Date(1_700_000_000_000), to: new Date(1_700_003_600_500) }
const variables = {
  tenant: 'default',
  app: ['records', `it's, 🙂`],
  detector: ['a'],
  level: ['HIGH', 'LOW'],
  gateway: ['gw-1'],
  subject: `user:o'hara \\ $__interval_s`,
  source: '192.0.2.10',
  session: '--s-1',
  console: 'http://127.0.0.1:8090',
}

describe('the console makes of a query what Grafana makes of it', () => {
  it.each(questions)('$name', ({ sql }) => {
    const ours = expand(sql, { ...range, interval_s: 30, variables })
    expect(ours).toBe(expandAsGrafana(sql, { ...range, interval_ms: 30_000, variables }))
    expect(ours).not.toMatch(/\$\{|\$__/)
  })

  it.each(questions)('$name where everything is chosen', ({ sql }) => {
    const all = { app: '_all_', detector: '_all_', level: '_all_', gateway: '_all_' }
    const ours = expand(sql, { ...range, interval_s: 3600, variables: { ...variables, ...all } })
    const named = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, { all: value }]))
    const theirs = expandAsGrafana(sql, {
      ...range,
      interval_ms: 3_600_000,
      variables: { ...variables, ...named },
    })
    // Grafana leaves the prefix out where a text stands for everything; either is read as that.
    expect(ours.replaceAll("'v=_all_'", "'_all_'")).toBe(theirs)
  })
})
