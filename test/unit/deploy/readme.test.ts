import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { topics } from '../../../schemas/topics.ts'
import { FIGURES } from '../../../deploy/capacity/figures.ts'
import { planFor } from '../../../deploy/capacity/plan.ts'
import { figureTable, planTable } from '../../../deploy/capacity/tables.ts'
import { ROOT, readText } from '../../support/deploy/files.ts'
import { registeredMetrics } from '../../support/deploy/registered-metrics.ts'
import { everyRule } from '../../support/deploy/rules.ts'
import { configOf } from '../../support/deploy/workload.ts'

const readme = readText('deploy/README.md')

describe('deploy/README.md', () => {
  it('has the tables that the code of the plans makes', () => {
    expect(readme).toContain(figureTable())
    expect(readme).toContain(planTable())
  })

  it('names files, alerts, metrics and topics that exist', () => {
    const paths = [
      ...readme.matchAll(/`((?:deploy\/|test\/|prometheus\/|capacity\/|compose\/|helm\/|image\/)[\w./-]+)`/g),
    ]
    const there = (path: string) => existsSync(join(ROOT, path)) || existsSync(join(ROOT, 'deploy', path))
    expect(paths.length).toBeGreaterThan(5)
    expect(paths.map(([, path = '']) => path).filter((path) => !there(path))).toEqual([])

    const alerts = new Set(everyRule().map(({ alert }) => alert))
    const named = readme.match(/\bGatewatch[A-Z]\w+/g) ?? []
    expect(named.filter((name) => !alerts.has(name))).toEqual([])

    const registered = registeredMetrics()
    expect((readme.match(/\bgatewatch_[a-z]\w+/g) ?? []).filter((name) => !registered.has(name))).toEqual([])
    const mentioned = readme.match(/\b[a-z]+\.[a-z-]+\.v\d\b/g) ?? []
    expect(mentioned.filter((name) => !topics.some((topic) => topic.name === name))).toEqual([])
  })

  it('names settings that exist', () => {
    const config_text = readText('deploy/gatewatch.cluster.yaml')
    const config = configOf({ name: '', command: [], env: {}, config_text })
    const sections = Object.keys(config).join('|')
    const settings = [...readme.matchAll(new RegExp(`\`((?:${sections})(?:\\.[a-z_]+)+)\``, 'g'))].map(
      ([, one = '']) => one,
    )
    const known = (path: string) =>
      path
        .split('.')
        .reduce<unknown>(
          (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
          config,
        )
    const optional = ['gateway.spool.key_file', 'kafka.topic_prefix']
    expect(settings.length).toBeGreaterThan(5)
    expect(settings.filter((path) => known(path) === undefined && !optional.includes(path))).toEqual([])
  })
})

describe('a plan', () => {
  const figure = (value: number | null) => ({ value, unit: '', source: '' })
  const figures = {
    ...FIGURES,
    gateway_per_core: figure(1000),
    scoring_per_core: figure(500),
    usage_per_core: figure(10_000),
    log_bytes: figure(4000),
    spool_bytes: figure(1500),
    entity_bytes: figure(1500),
  }

  it('follows from the figures, with two fifths kept back', () => {
    expect(planFor(6000, figures)).toMatchObject({
      cells: 1,
      gateways: 10,
      scoring: 20,
      partitions: 48,
      log_in_bytes_a_second: 24e6,
      log_replicated_bytes_a_second: 72e6,
      log_disk_bytes: 72e6 * 86_400 * 7,
      spool_bytes_a_gateway: 600 * 3600 * 1500,
    })
  })

  it('has two of what may fail, however little there is to do', () => {
    expect(planFor(1, figures)).toMatchObject({ cells: 1, gateways: 2, scoring: 2, partitions: 12 })
  })

  it('is made of cells where one ledger is not enough, each with enough of everything', () => {
    const plan = planFor(60_000, figures)
    expect(plan).toMatchObject({ cells: 10, gateways: 100, scoring: 200, partitions: 48 })
  })

  it('says nothing where nothing was measured', () => {
    expect(
      planFor(1000, { ...figures, storage_per_core: figure(null), stored_bytes: figure(null) }),
    ).toMatchObject({
      storage: null,
      store_disk_bytes_a_day: null,
    })
  })
})
