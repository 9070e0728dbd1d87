import type { z } from 'zod'
import { isRecord } from './record.ts'

/**
 * What a later minor version wrote and this one does not know, by JSON pointer
 * (RFC 6901): fields, and lists or optional fields with a value that is new.
 */
export type Later = Record<string, unknown>

export interface Understood<T> {
  readonly value: T
  /** Empty when this version knows everything. */
  readonly later: Later
}

/** Rounds of parsing: each takes away one level of what is not known. */
const ROUNDS = 8

/**
 * Reads an event as a member of a rolling upgrade: strictly, and where that
 * fails, without what only a later version can have written. What is left must
 * be a whole event of this version; anything else is a mistake (undefined), as
 * is another major version.
 *
 * For records on the log, which somebody of ours checked. At the outer edges
 * (import, HTTP, files that people write) a field that nobody knows is a typing
 * error, and the strict schema says so.
 */
export function understand<T>(schema: z.ZodType<T>, value: unknown): Understood<T> | undefined {
  const strict = schema.safeParse(value)
  if (strict.success) return { value: strict.data, later: {} }
  if (!isRecord(value)) return undefined
  const later: Later = {}
  const known = structuredClone(value)
  let { issues } = strict.error
  for (let round = 0; round < ROUNDS; round++) {
    // From the end, so that what goes out of a list does not move what goes out next.
    if (!issues.toReversed().every((issue) => setAside(issue, known, value, later))) return undefined
    const parsed = schema.safeParse(known)
    if (parsed.success) return { value: parsed.data, later }
    issues = parsed.error.issues
  }
  return undefined
}

/** The event alone, for readers that neither keep nor pass on what they do not know. */
export function readEvent<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  return understand(schema, value)?.value
}

/** Puts what was set aside back where it was; `value` itself is left as it is. */
export function putBack(value: Record<string, unknown>, later: Later): Record<string, unknown> {
  const whole = structuredClone(value)
  for (const [pointer, member] of Object.entries(later)) {
    const path = pathOf(pointer)
    const last = path.pop()
    const holder = holderOf(whole, path, true)
    if (last !== undefined && holder !== undefined) holder[last] = member
  }
  return whole
}

function setAside(
  issue: z.core.$ZodIssue,
  known: Record<string, unknown>,
  whole: Record<string, unknown>,
  later: Later,
): boolean {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const holder = holderOf(known, path, false)
    if (holder === undefined) return false
    for (const key of issue.keys) {
      later[pointerOf([...path, key])] = holder[key]
      delete holder[key]
    }
    return true
  }
  const last = path.pop()
  if (issue.code !== 'invalid_value' || last === undefined) return false
  const list = at(known, path)
  if (Array.isArray(list)) {
    // The list as it was: which of its members are new is for those to say who know them.
    later[pointerOf(path)] ??= at(whole, path)
    list.splice(Number(last), 1)
    return true
  }
  const holder = holderOf(known, path, false)
  if (holder === undefined || !Object.hasOwn(holder, last)) return false
  later[pointerOf([...path, last])] = holder[last]
  delete holder[last]
  return true
}

function at(value: unknown, path: readonly string[]): unknown {
  let here = value
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)]
    else if (isRecord(here) && Object.hasOwn(here, key)) here = here[key]
    else return undefined
  }
  return here
}

function holderOf(
  value: Record<string, unknown>,
  path: readonly string[],
  make: boolean,
): Record<string, unknown> | undefined {
  let here = value
  for (const key of path) {
    let next: unknown = Object.hasOwn(here, key) ? here[key] : undefined
    if (next === undefined && make) here[key] = next = {}
    // Members of lists are held by number; an array is an object as well.
    if (typeof next !== 'object' || next === null) return undefined
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object or a list, whose members are read by name alike
    here = next as Record<string, unknown>
  }
  return here
}

function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function pathOf(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}
