import { canonicalPath } from './path.ts'

/** A path template: literal segments, `{name}` for one segment, and a final `**` for the rest. */
export interface Template {
  readonly text: string
  readonly segments: readonly Segment[]
  /** The same for templates that match the same paths: variables lose their names. */
  readonly shape: string
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'rest' }

/** Parses a template, or says what is wrong with it. */
export function parseTemplate(text: string): Template | { readonly message: string } {
  const segments: Segment[] = []
  const names = new Set<string>()
  const parts = text.split('/').slice(1)
  if (parts.at(-1) === '') parts.pop()
  for (const [index, part] of parts.entries()) {
    if (part === '**') {
      if (index !== parts.length - 1) return { message: '** may only stand at the end' }
      segments.push({ kind: 'rest' })
      continue
    }
    const variable = /^\{([a-z][a-z0-9_]{0,62})\}$/.exec(part)?.[1]
    if (variable !== undefined) {
      if (names.has(variable)) return { message: `variable ${variable} stands there twice` }
      names.add(variable)
      segments.push({ kind: 'variable', name: variable })
      continue
    }
    if (/[{}*?]/.test(part)) return { message: `segment "${part}" is neither text, {name} nor a final **` }
    const literal = canonicalPath(`/${part}`)?.segments
    if (literal?.length !== 1) return { message: `segment "${part}" is not a canonical path segment` }
    segments.push({ kind: 'literal', text: literal[0] ?? '' })
  }
  return { text, segments, shape: segments.map(shapeOf).join('') || '/' }
}

function shapeOf(segment: Segment): string {
  if (segment.kind === 'literal') return `/${segment.text}`
  return segment.kind === 'variable' ? '/{}' : '/**'
}

/** The variables' values when the path matches, else null. `/**` also takes nothing. A final slash makes no difference. */
export function matchTemplate(
  template: Template,
  segments: readonly string[],
): Readonly<Record<string, string>> | null {
  const vars: Record<string, string> = {}
  for (const [index, wanted] of template.segments.entries()) {
    if (wanted.kind === 'rest') return vars
    const segment = segments[index]
    if (segment === undefined) return null
    if (wanted.kind === 'literal' ? wanted.text !== segment : false) return null
    if (wanted.kind === 'variable') vars[wanted.name] = segment
  }
  return segments.length === template.segments.length ? vars : null
}

const RANK = { literal: 0, variable: 1, rest: 3 } as const
/** The end of a template: more specific than a `**` that stands there. */
const END_RANK = 2

/** Negative when `a` is more specific: from the left, text before variable before end before `**`. */
export function compareTemplates(a: Template, b: Template): number {
  const length = Math.max(a.segments.length, b.segments.length)
  for (let index = 0; index < length; index += 1) {
    const left = a.segments[index]
    const right = b.segments[index]
    const order = (left ? RANK[left.kind] : END_RANK) - (right ? RANK[right.kind] : END_RANK)
    if (order !== 0) return order
  }
  return 0
}
