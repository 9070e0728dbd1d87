import type { z } from 'zod'
import { Instant } from '../../../../schemas/bounds.ts'
import { isRecord } from '../../../../schemas/record.ts'
import { ScoredDecision } from '../../../../schemas/scored-decision.ts'

/** What a field holds. `texts` is a list of texts; of `open` the schema says nothing. */
export type FieldKind = 'text' | 'instant' | 'number' | 'boolean' | 'texts' | 'open'

/** A field of a scored decision, as a rule names it. */
export interface Field {
  /** Dotted path: `context.ip`, `source.country`, `scores.volume`. */
  readonly path: string
  readonly kind: FieldKind
  /** All values that it can have, where they are a closed list. */
  readonly values?: readonly string[]
  /** Undefined where the decision does not say. */
  readonly read: (scored: ScoredDecision) => unknown
}

/** The names that rules for web servers and proxies use, and what they are here. */
const SIGMA_NAMES: Readonly<Record<string, string>> = {
  User: 'subject.id',
  user: 'subject.id',
  'cs-username': 'subject.id',
  SourceIp: 'context.ip',
  src_ip: 'context.ip',
  'c-ip': 'context.ip',
  UserAgent: 'context.user_agent',
  'c-useragent': 'context.user_agent',
  'cs-user-agent': 'context.user_agent',
  'cs-method': 'context.http.method',
  'cs-host': 'context.http.host',
  'c-uri': 'context.http.path',
  'cs-uri': 'context.http.path',
  'sc-status': 'context.http.status',
  'cs-bytes': 'context.http.bytes_in',
  'sc-bytes': 'context.http.bytes_out',
}

interface Known {
  readonly kind: FieldKind
  readonly values?: readonly string[]
}

/** What was looked up for a decision comes under these names, and before the decision's own. */
const ENRICHED: readonly string[] = ['source', 'user_agent', 'resource.sensitivity']

/** Every field that rules may name, read off the contracts. */
export function knownFields(): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>()
  const { decision, enrichment, scores } = ScoredDecision.shape
  add(decision, '', known)
  add(enrichment, '', known)
  add(scores, 'scores', known)
  return known
}

/** The field of a name; undefined where there is none. */
export function fieldOf(name: string, known: ReadonlyMap<string, Known>): Field | undefined {
  const path = Object.hasOwn(SIGMA_NAMES, name) ? (SIGMA_NAMES[name] ?? name) : name
  const found = known.get(path)
  if (found !== undefined && found.kind !== 'open') return { path, ...found, read: readerOf(path) }
  const above = openAbove(path, known)
  if (above === undefined) return undefined
  const kind = above === 'scores' ? 'number' : 'open'
  return { path, kind, read: openReaderOf(above, path.slice(above.length + 1)) }
}

/** Says that there is no field of a name, and which one may be meant. */
export function noField(name: string, known: ReadonlyMap<string, Known>): string {
  const near = nearestName(name, known)
  return `there is no field ${name}; ${near === undefined ? 'services/scoring/rules/README.md says which there are' : `is ${near} meant?`}`
}

function nearestName(name: string, known: ReadonlyMap<string, Known>): string | undefined {
  const last = name.split('.').at(-1) ?? name
  const names = [...known.keys()]
  return names.find((each) => each.endsWith(`.${last}`)) ?? names.find((each) => distance(each, name) <= 2)
}

function add(schema: z.core.$ZodType, path: string, known: Map<string, Known>): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the union of all of zod's own kinds; others are open
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      for (const [key, member] of Object.entries(def.shape))
        add(member, path === '' ? key : `${path}.${key}`, known)
      return
    case 'optional':
    case 'default':
    case 'nullable':
    case 'prefault':
      add(def.innerType, path, known)
      return
    case 'union':
      if (def.options[0] !== undefined) add(def.options[0], path, known)
      return
    case 'enum':
      known.set(path, { kind: 'text', values: Object.values(def.entries).map(String) })
      return
    case 'array': {
      const element = new Map<string, Known>()
      add(def.element, path, element)
      known.set(path, { ...element.get(path), kind: 'texts' })
      return
    }
    case 'string':
      known.set(path, { kind: schema === Instant ? 'instant' : 'text' })
      return
    case 'number':
    case 'boolean':
      known.set(path, { kind: def.type })
      return
    case 'literal':
      known.set(path, { kind: typeof def.values[0] === 'number' ? 'number' : 'text' })
      return
    default:
      known.set(path, { kind: 'open' })
  }
}

function openAbove(path: string, known: ReadonlyMap<string, Known>): string | undefined {
  for (let dot = path.lastIndexOf('.'); dot !== -1; dot = path.lastIndexOf('.', dot - 1)) {
    const above = path.slice(0, dot)
    if (known.get(above)?.kind === 'open') return above
  }
  return undefined
}

function readerOf(path: string): (scored: ScoredDecision) => unknown {
  const steps = path.split('.')
  if (path === 'scores') return ({ scores }) => scores
  const enriched = ENRICHED.some((each) => path === each || path.startsWith(`${each}.`))
  return (scored) => {
    let value: unknown = enriched ? scored.enrichment : scored.decision
    for (const step of steps) {
      if (!isRecord(value)) return undefined
      value = Object.hasOwn(value, step) ? value[step] : undefined
    }
    return value ?? undefined
  }
}

/** Below an open field a key may hold dots: the whole rest is tried first, then step by step. */
function openReaderOf(above: string, rest: string): (scored: ScoredDecision) => unknown {
  const read = readerOf(above)
  const steps = rest.split('.')
  return (scored) => {
    let value = read(scored)
    if (isRecord(value) && Object.hasOwn(value, rest)) return value[rest] ?? undefined
    for (const step of steps) {
      if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined
      value = value[step]
    }
    return value ?? undefined
  }
}

/** Levenshtein's, for the short names of fields. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[b.length] ?? 0
}
