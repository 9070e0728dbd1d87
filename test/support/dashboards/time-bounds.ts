/** Columns that say when a row happened, or came. */
const MOMENTS = new Set([
  'decided_at',
  'minute',
  'hour',
  'day',
  'observed_at',
  'first_observed_at',
  'opened_at',
  'updated_at',
  'ingested_at',
  'stored_at',
])

/** A row a day and application, some thousands in years: which days are rolled up is asked of all of them. */
const CALENDAR = 'decision_days'
/** What the engine reads where a query names no table. */
const NO_TABLE = 'system.one'

interface Node {
  readonly text: string
  readonly children: Node[]
}

/**
 * Tables that a query reads without a lower bound of time beside them, from the
 * engine's own reading of it (`EXPLAIN AST`): every SELECT that names a table
 * compares a moment of it with something, in the same SELECT.
 */
export function unboundedTables(ast: readonly string[]): string[] {
  const found: string[] = []
  const visit = (node: Node) => {
    if (node.text.startsWith('SelectQuery')) {
      const tables = below(node, /^TableIdentifier /).map(({ text }) => text.split(' ')[1] ?? '')
      const bounds = below(node, /^Function (greaterOrEquals|greater|between) /).filter(boundsMoment)
      if (bounds.length === 0)
        found.push(...tables.filter((table) => table !== CALENDAR && table !== NO_TABLE))
    }
    node.children.forEach(visit)
  }
  visit(treeOf(ast))
  return found
}

function boundsMoment({ children: [args] }: Node): boolean {
  const [, column] = /^Identifier (\S+)/.exec(args?.children[0]?.text ?? '') ?? []
  return MOMENTS.has(column ?? '')
}

/** Nodes that match, in this SELECT and in none within it. */
function below(node: Node, pattern: RegExp): Node[] {
  return node.children.flatMap((child) =>
    child.text.startsWith('SelectQuery')
      ? []
      : [...(pattern.test(child.text) ? [child] : []), ...below(child, pattern)],
  )
}

/** Lines that are indented by a space a level. */
function treeOf(lines: readonly string[]): Node {
  const root: Node = { text: '', children: [] }
  const path: Node[] = [root]
  for (const line of lines) {
    const text = line.trimStart()
    const node = { text, children: [] }
    const depth = line.length - text.length
    path.length = depth + 1
    path[depth]?.children.push(node)
    path.push(node)
  }
  return root
}
