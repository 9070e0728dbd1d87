import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dashboards, fileOf } from '../../../dashboards/catalogue.ts'
import { type Piece, type PieceType, schemaProblems } from '../../support/dashboards/check-schema.ts'
import { readCompose } from '../../support/deploy/compose.ts'
import { readText } from '../../support/deploy/files.ts'

const Board = z.looseObject({
  uid: z.string(),
  panels: z.array(z.looseObject({ type: z.string(), title: z.string().optional() })),
})
const boards = dashboards().map((board) => Board.parse(JSON.parse(fileOf(board).text)))
const pieces: readonly Piece[] = boards.flatMap(({ panels, ...board }) => [
  { name: board.uid, type: 'board', json: board },
  ...panels.map((panel) => ({
    name: `${board.uid}: ${panel.title}`,
    type: typeOf(panel),
    json: panel,
  })),
])
const some = (type: PieceType): Piece & { readonly json: Record<string, unknown> } => {
  const piece = pieces.find((one) => one.type === type)
  return { name: 'wrong', type, json: z.record(z.string(), z.unknown()).parse(piece?.json) }
}
const withFieldConfig = (defaults: object, overrides: unknown[] = []) => {
  const piece = some('panel.timeseries')
  return { ...piece, json: { ...piece.json, fieldConfig: { defaults, overrides } } }
}
const withOptions = (type: PieceType, options: object) => {
  const piece = some(type)
  return { ...piece, json: { ...piece.json, options } }
}

/** Each differs from what is right in one word. */
const wrong: readonly (readonly [string, Piece])[] = [
  ['a key of the dashboard', { ...some('board'), json: { ...some('board').json, refesh: '30s' } }],
  ['the kind of its refresh', { ...some('board'), json: { ...some('board').json, refresh: 30 } }],
  ['a key of a link', withKey('board', 'links', [{ ...link(), keepTimes: true }])],
  ['a key of a variable', withKey('board', 'templating', { list: [{ ...variable(), mutli: true }] })],
  ['a variable of no kind', withKey('board', 'templating', { list: [{ ...variable(), type: 'qery' }] })],
  ['an annotation', withKey('board', 'annotations', { list: [{ enabled: true }] })],
  ['a key of the panel', withKey('panel.stat', 'discription', 'what?')],
  ['a panel of a kind that nobody draws', { ...some('panel.stat'), type: 'panel.stats' }],
  ['a query', withKey('panel.stat', 'targets', [{ refId: 'A', rawSqll: 'SELECT 1' }])],
  ['its place', withKey('panel.stat', 'gridPos', { x: 0, y: 0, w: 4, heigth: 4 })],
  ['an option of a stat', withOptions('panel.stat', { colourMode: 'none' })],
  ['the value of such an option', withOptions('panel.stat', { colorMode: 'nothing' })],
  ['an option of an option', withOptions('panel.stat', { reduceOptions: { calc: ['last'] } })],
  ['an option of a table', withOptions('panel.table', { showHeaders: true })],
  ['a legend', withOptions('panel.timeseries', { legend: { showLegend: true, place: 'bottom' } })],
  ['a default of fields', withFieldConfig({ unti: 's' })],
  ['the mode of thresholds', withFieldConfig({ thresholds: { mode: 'absolut', steps: [] } })],
  ['a threshold', withFieldConfig({ thresholds: { mode: 'absolute', steps: [{ at: 1, color: 'red' }] } })],
  ['how lines are drawn', withFieldConfig({ custom: { drawStyle: 'dots' } })],
  ['a word of how lines are drawn', withFieldConfig({ custom: { lineWidht: 1 } })],
  ['whom an override is for', withFieldConfig({}, [{ match: { id: 'byName' }, properties: [] }])],
]

describe("Grafana's own schema", () => {
  const problems = schemaProblems([...pieces, ...wrong.map(([name, piece]) => ({ ...piece, name }))])
  const of = (name: string) => problems.filter((problem) => problem.startsWith(`${name}: `))

  it('is the one of the release that deploy/compose.yaml runs', () => {
    const { version } = JSON.parse(readText('node_modules/@grafana/schema/package.json'))
    expect(readCompose().services['grafana']?.image).toBe(`grafana/grafana:${version}`)
  })

  it.each(boards)('$uid keeps to it, with every panel', ({ uid, panels }) => {
    expect(panels.length).toBeGreaterThan(0)
    expect(of(uid)).toEqual([])
  })

  it.each(wrong)('would find a mistake in %s', (name) => {
    expect(of(name)).not.toEqual([])
  })

  it('has nothing else to say', () => {
    expect(problems.filter((problem) => !/^(gatewatch-\w+|[a-z ]+): /.test(problem))).toEqual([])
  })
})

function withKey(type: PieceType, key: string, value: unknown): Piece {
  const piece = some(type)
  return { ...piece, json: { ...piece.json, [key]: value } }
}

function link(): Record<string, unknown> {
  return { title: 'Overview', type: 'link', icon: 'dashboard', tooltip: '', tags: [], url: '/d/x' }
}

function variable(): Record<string, unknown> {
  return { type: 'query', name: 'tenant' }
}

function typeOf({ type }: { readonly type: string }): PieceType {
  return type === 'row' ? 'row' : `panel.${type}`
}
