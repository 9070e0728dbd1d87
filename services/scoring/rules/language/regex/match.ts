import { inlineFlags, parseRegex, RegexError, type RegexNode, type Ranges } from './parse.ts'

/** `i`, `m` and `s` of Sigma's `re` modifier. */
export interface RegexFlags {
  readonly insensitive?: boolean
  readonly multiline?: boolean
  readonly dot_all?: boolean
}

type Step =
  | { readonly op: 'unit'; readonly ranges: Ranges; readonly negated: boolean }
  | { readonly op: 'any' | 'begin' | 'end' | 'match' }
  | { op: 'fork'; first: number; second: number }
  | { op: 'jump'; to: number }

/** Steps of a program; each character of a text costs at most as many. */
const MOST_STEPS = 1000

/**
 * Compiles a regular expression to a test that takes time linear in the text,
 * whatever the expression: all states of the automaton go along the text
 * together. An expression that could stall the worker can't be written.
 *
 * @see Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968
 * @throws RegexError
 */
export function regexMatcher(source: string, flags: RegexFlags = {}): (text: string) => boolean {
  const program: Step[] = []
  emit(parseRegex(source), program)
  program.push({ op: 'match' })
  const inline = inlineFlags(source)
  const run = runner(program, {
    insensitive: flags.insensitive === true || inline.includes('i'),
    multiline: flags.multiline === true || inline.includes('m'),
    dot_all: flags.dot_all === true || inline.includes('s'),
  })
  return (text) => run(text)
}

function emit(node: RegexNode, program: Step[]): void {
  if (program.length > MOST_STEPS)
    throw new RegexError(0, `the expression is too large: more than ${MOST_STEPS} steps`)
  switch (node.kind) {
    case 'units':
      program.push({ op: 'unit', ranges: node.ranges, negated: node.negated })
      return
    case 'any':
    case 'begin':
    case 'end':
      program.push({ op: node.kind })
      return
    case 'all':
      for (const part of node.parts) emit(part, program)
      return
    case 'either':
      emitEither(node.parts, program)
      return
    case 'repeat':
      emitRepeat(node, program)
  }
}

function emitEither(parts: readonly RegexNode[], program: Step[]): void {
  const ends: { op: 'jump'; to: number }[] = []
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) {
      emit(part, program)
      break
    }
    const fork = { op: 'fork' as const, first: program.length + 1, second: 0 }
    program.push(fork)
    emit(part, program)
    const end = { op: 'jump' as const, to: 0 }
    program.push(end)
    ends.push(end)
    fork.second = program.length
  }
  for (const end of ends) end.to = program.length
}

function emitRepeat(
  { part, least, most }: Extract<RegexNode, { readonly kind: 'repeat' }>,
  program: Step[],
): void {
  for (let count = 0; count < least; count++) emit(part, program)
  if (most === Infinity) {
    const fork = { op: 'fork' as const, first: program.length + 1, second: 0 }
    const top = program.length
    program.push(fork)
    emit(part, program)
    program.push({ op: 'jump', to: top })
    fork.second = program.length
    return
  }
  const forks: { second: number }[] = []
  for (let count = least; count < most; count++) {
    const fork = { op: 'fork' as const, first: program.length + 1, second: 0 }
    program.push(fork)
    forks.push(fork)
    emit(part, program)
  }
  for (const fork of forks) fork.second = program.length
}

function runner(program: readonly Step[], flags: RegexFlags): (text: string) => boolean {
  const size = program.length
  // Which states are in a list is known by the position at which they were added.
  const added = new Int32Array(size)
  let current = new Int32Array(size)
  let next = new Int32Array(size)
  const stack = new Int32Array(size * 2 + 2)
  let text = ''
  let matched = false

  /** Adds a state and all that follows from it without a character. */
  function add(list: Int32Array, length: number, state: number, at: number): number {
    let depth = 0
    let count = length
    stack[depth++] = state
    while (depth > 0) {
      const here = stack[--depth] ?? 0
      if (added[here] === at + 1) continue
      added[here] = at + 1
      const step = program[here]
      if (step === undefined) continue
      if (step.op === 'jump') stack[depth++] = step.to
      else if (step.op === 'fork') {
        stack[depth++] = step.second
        stack[depth++] = step.first
      } else if (step.op === 'begin') {
        if (at === 0 || (flags.multiline === true && isLineEnd(text.charCodeAt(at - 1))))
          stack[depth++] = here + 1
      } else if (step.op === 'end') {
        if (at === text.length || (flags.multiline === true && isLineEnd(text.charCodeAt(at))))
          stack[depth++] = here + 1
      } else if (step.op === 'match') matched = true
      else list[count++] = here
    }
    return count
  }

  function takes(step: Step | undefined, unit: number): boolean {
    if (step?.op === 'any') return flags.dot_all === true || !isLineEnd(unit)
    if (step?.op !== 'unit') return false
    if (within(step.ranges, unit)) return !step.negated
    if (flags.insensitive !== true) return step.negated
    const other = otherCase(unit)
    return (other !== unit && within(step.ranges, other)) !== step.negated
  }

  return (value) => {
    text = value
    matched = false
    added.fill(0)
    let count = add(current, 0, 0, 0)
    for (let at = 0; at < text.length && !matched; at++) {
      const unit = text.charCodeAt(at)
      let following = 0
      for (let index = 0; index < count && !matched; index++) {
        const state = current[index] ?? 0
        if (takes(program[state], unit)) following = add(next, following, state + 1, at + 1)
      }
      // It may begin at every place.
      if (!matched) following = add(next, following, 0, at + 1)
      ;[current, next] = [next, current]
      count = following
    }
    return matched
  }
}

function within(ranges: Ranges, unit: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (unit >= (ranges[index] ?? 0) && unit <= (ranges[index + 1] ?? 0)) return true
  }
  return false
}

function otherCase(unit: number): number {
  const text = String.fromCharCode(unit)
  const lower = text.toLowerCase()
  const other = lower === text ? text.toUpperCase() : lower
  return other.length === 1 ? other.charCodeAt(0) : unit
}

function isLineEnd(unit: number): boolean {
  return unit === 10 || unit === 13 || unit === 0x2028 || unit === 0x2029
}
