import { columnsOf, type Column } from '../../../schemas/clickhouse/columns.ts'
import { Decision } from '../../../schemas/decision.ts'
import { Enrichment } from '../../../schemas/scored-decision.ts'

/** A field of a JSON object that is looked for. */
export interface Field {
  /** Its key as JSON has it, with the colon: `"id":`. */
  readonly key: Uint8Array
  /** The key four bytes at a time, little-endian, and at the end its last four. */
  readonly words: Int32Array
  /** Number of its column, or -1 for an object that is looked into. */
  readonly column: number
  readonly node: Node | null
}

/** An object whose fields are looked for, in the order in which our own writers put them. */
export interface Node {
  readonly fields: Field[]
  /** Number among `ScanPlan.objects` when the object may be left out, else -1. */
  readonly object: number
}

export interface ScanPlan {
  readonly root: Node
  readonly columns: readonly (Column & { readonly name: string })[]
  /** Names of the objects that may be there without a field. */
  readonly objects: readonly string[]
}

/** The name of the column that holds the detectors' scores. */
export const SCORES = 'scores'

/**
 * Where each column of `decisions` is found in a scored decision's JSON, made
 * from the schemas. Takes a millisecond: make one and keep it.
 */
export function openScanPlan(): ScanPlan {
  const root: Node = { fields: [], object: -1 }
  const columns: Column[] = []
  const objects: string[] = []
  for (const [at, schema, prefix] of [
    ['decision', Decision, []],
    ['enrichment', Enrichment, ['enrichment']],
  ] as const) {
    const flat = columnsOf(schema, prefix)
    const optional = new Map(flat.objects.map(({ path, name }) => [path.join('.'), name]))
    for (const column of flat.columns) {
      let node = root
      for (const [depth, key] of [at, ...column.path.slice(0, -1)].entries())
        node = childOf(node, key, optional.get(column.path.slice(0, depth).join('.')), objects)
      addField(node, column.path.at(-1) ?? '', columns.push(column) - 1)
    }
  }
  addField(root, SCORES, columns.push({ path: [SCORES], name: SCORES, kind: 'json', optional: false }) - 1)
  return { root, columns, objects }
}

function childOf(node: Node, key: string, name: string | undefined, objects: string[]): Node {
  const bytes = keyBytes(key)
  const known = node.fields.find((field) => Buffer.compare(field.key, bytes) === 0)?.node
  if (known) return known
  const child: Node = { fields: [], object: name === undefined ? -1 : objects.push(name) - 1 }
  node.fields.push({ key: bytes, words: wordsOf(bytes), column: -1, node: child })
  return child
}

function addField(node: Node, key: string, column: number): void {
  const bytes = keyBytes(key)
  node.fields.push({ key: bytes, words: wordsOf(bytes), column, node: null })
}

function keyBytes(key: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(key)}:`)
}

function wordsOf(key: Uint8Array): Int32Array {
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  const last = key.length - 4
  const words = []
  for (let at = 0; at < last; at += 4) words.push(view.getInt32(at, true))
  return Int32Array.from([...words, view.getInt32(last, true)])
}
