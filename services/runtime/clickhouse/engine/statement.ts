import { refuse } from './exception.ts'

/** What the interface must know of a statement before the engine sees it. */
export interface Statement {
  readonly kind: 'select' | 'insert' | 'other'
  /** The format that the statement itself names, if it does. */
  readonly format: string | null
  /** For an INSERT with data behind it: where the data begin (an index into the text). */
  readonly dataAt: number | null
  /** Where its clause FORMAT begins. */
  readonly formatAt: number | null
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'mark'
  readonly value: string
  readonly at: number
  readonly end: number
}

/**
 * Blanks, comments, quoted text and names, heredocs, words, and single marks,
 * as ClickHouse's own Lexer splits a query. Sticky: each match begins where the
 * last one ended.
 */
const TOKEN =
  /(?<skip>\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<text>'(?:[^'\\]|\\[\s\S]|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<quoted>`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*")|(?<word>[A-Za-z0-9_]+)|(?<mark>[\s\S])/y

/** Statements that read and nothing else; everything else is `other`. */
const READS = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'CHECK'])

/**
 * Reads a statement as far as needed, and refuses what a server would or should
 * refuse: several statements in one (62), `INTO OUTFILE` (358), and what reads
 * any file of the machine and no grant covers (497): the function `file`, and `FROM INFILE`.
 */
export function readStatement(sql: string): Statement {
  let first: string | null = null
  let format: string | null = null
  let selects = false
  let depth = 0
  let before: Token | null = null
  let second: Token | null = null
  let ended = false
  for (const token of tokens(sql)) {
    if (ended) throw refuse(62, 'Syntax error: Multi-statements are not allowed')
    const word = token.kind === 'word' ? token.value.toUpperCase() : null
    first ??= word ?? (token.value === '(' ? null : token.value)
    // BACKUP … TO File(…) is no function: the engine holds it to one directory (engine-config.ts).
    const place =
      (first === 'BACKUP' && isWord(second, 'TO')) || (first === 'RESTORE' && isWord(second, 'FROM'))
    if (token.value === '(' && before !== null && !place) refuseFile(before)
    if (token.kind === 'mark') {
      if (token.value === '(') depth++
      else if (token.value === ')') depth--
      else if (token.value === ';') ended = true
    }
    if (word === 'INFILE' && isWord(before, 'FROM'))
      throw refuse(497, 'Not enough privileges: FROM INFILE is not allowed')
    if (word === 'OUTFILE' && isWord(before, 'INTO')) throw refuse(358, 'INTO OUTFILE is not allowed')
    // A clause FORMAT ends a statement, but for its settings; anything else of that name is a column or an alias.
    if (format !== null && token.value !== ';' && word !== 'SETTINGS' && before?.value === format)
      format = null
    if (depth === 0 && first === 'INSERT' && word === 'SELECT') selects = true
    if (depth === 0 && isWord(before, 'FORMAT') && word !== null && word !== 'FORMAT') {
      format = token.value
      if (first === 'INSERT' && !selects)
        return { kind: 'insert', format, dataAt: token.end, formatAt: before?.at ?? null }
    }
    if (depth === 0 && first === 'INSERT' && !selects && word === 'VALUES')
      return { kind: 'insert', format: 'Values', dataAt: token.end, formatAt: null }
    second = before
    before = token
  }
  if (first === 'INSERT') return { kind: 'insert', format, dataAt: null, formatAt: null }
  const kind = first !== null && READS.has(first) ? 'select' : 'other'
  return { kind, format, dataAt: null, formatAt: null }
}

function isWord(token: Token | null, word: string): boolean {
  return token?.kind === 'word' && token.value.toUpperCase() === word
}

/** The table function of that name is held off by grants (READ ON FILE); the ordinary function has none. */
function refuseFile(before: Token): void {
  if (before.kind !== 'word' && before.kind !== 'quoted') return
  const name = before.kind === 'quoted' ? before.value.slice(1, -1) : before.value
  if (name.toLowerCase() === 'file')
    throw refuse(497, 'Not enough privileges: the function file is not allowed')
}

function* tokens(sql: string): Generator<Token> {
  TOKEN.lastIndex = 0
  for (let at = 0; at < sql.length;) {
    TOKEN.lastIndex = at
    const groups = TOKEN.exec(sql)?.groups
    if (!groups) return
    const end = TOKEN.lastIndex
    for (const kind of ['word', 'quoted', 'text', 'mark'] as const) {
      const value = groups[kind]
      if (value !== undefined) yield { kind, value, at, end }
    }
    at = end
  }
}
