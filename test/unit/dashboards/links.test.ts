import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fileOf } from '../../../dashboards/catalogue.ts'
import { ROOT } from '../../support/deploy/files.ts'
import { built, panels } from '../../support/dashboards/questions.ts'

const Links = z.array(z.object({ title: z.string(), url: z.string() }))
const linked = panels.flatMap(({ name, uid, panel }) =>
  (panel.fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
    properties
      .filter(({ id }) => id === 'links')
      .flatMap(({ value }) => Links.parse(value))
      .map(({ url }) => ({ name, uid, column: String(matcher.options), url })),
  ),
)
/** What it is asked for, without what it is asked from. */
const sqlIn = (panel: (typeof panels)[number]['panel']) =>
  (panel.targets ?? [])
    .map((target) => ('rawSql' in target ? String(target.rawSql) : ''))
    .map((sql) => sql.slice(sql.startsWith('WITH') ? sql.indexOf('\nSELECT') : 0))
    .map((sql) => sql.slice(0, sql.indexOf('FROM')))
    .join('\n')
const variablesOf = (uid: string) =>
  built.find((board) => board.uid === uid)?.templating?.list?.map(({ name }) => name) ?? []

const uids = built.map((board) => board.uid ?? '')
const toBoards = linked.filter(({ url }) => url.startsWith('/d/'))
const toConsole = linked.filter(({ url }) => !url.startsWith('/d/'))
const views = readFileSync(join(ROOT, 'services/console/page/app.js'), 'utf8')

describe('a link of a row', () => {
  it.each(toBoards)('$name by $column leads to variables of a dashboard that there is', ({ url }) => {
    const [, target = ''] = /^\/d\/([\w-]+)\?/.exec(url) ?? []
    expect(uids).toContain(target)
    const given = [...url.matchAll(/[?&]var-(\w+)=/g)].map(([, name]) => name)
    expect(given).toHaveLength(3)
    expect(variablesOf(target)).toEqual(expect.arrayContaining(given))
    expect(url).toContain('&${__url_time_range}')
  })

  it.each(toConsole)('$name by $column leads to a view of the console', ({ url }) => {
    const [, view = ''] = /^\$\{console\}\/#\/(\w+)\//.exec(url) ?? []
    expect(views).toMatch(new RegExp(`^ {2}${view}: `, 'm'))
  })

  it.each(linked)(
    '$name by $column carries tenant and console, which its own dashboard has',
    ({ url, uid }) => {
      expect(url).toContain('tenant=${tenant:percentencode}')
      const bare = url.replace('${__url_time_range}', '')
      const named = [...bare.matchAll(/\$\{(\w+)(?::\w+)?\}/g)].map(([, name]) => name)
      expect(named).toContain('console')
      expect(variablesOf(uid)).toEqual(expect.arrayContaining(named))
    },
  )

  const ENTITIES = ['subject', 'peer', 'network', 'address', 'session', 'application', 'detector', 'story']
  it.each(ENTITIES)('is wherever a column of rows, or a line, names a %s', (entity) => {
    const naming = panels.filter(({ panel }) => {
      const shows = panel.type === 'table' || panel.type === 'timeseries'
      return shows && new RegExp(`(?:\\bAS|,|SELECT) ${entity}\\s*(?:,|$)`, 'm').test(sqlIn(panel))
    })
    expect(naming).not.toEqual([])
    for (const { name, panel } of naming) {
      const field = panel.type === 'table' ? '__data.fields.' : '__field.labels.'
      const own = linked.filter((link) => link.name === name)
      const isLinked = own.some(({ column, url }) => column === entity || url.includes(`${field}${entity}:`))
      expect({ name, isLinked }).toEqual({ name, isLinked: true })
    }
  })
})

describe('a link of a dashboard', () => {
  it.each(built)('$uid leads to every other', ({ uid, links = [] }) => {
    const others = built.map((board) => board.uid).filter((other) => other !== uid)
    expect(links.map(({ url }) => url)).toEqual(others.map((other) => `/d/${other}`))
  })
})

it.each(built)(
  '$uid stands under deploy/grafana as it is here; `node dashboards/generate.ts` writes it anew',
  (board) => {
    const { name, text } = fileOf(board)
    const kept = readFileSync(join(ROOT, 'deploy/grafana/dashboards', name), 'utf8')
    expect(JSON.parse(kept)).toEqual(JSON.parse(text))
  },
)
