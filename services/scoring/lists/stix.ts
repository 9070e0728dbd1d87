import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import { MOST_EXAMPLES, SLICE, type ListContent } from './list-content.ts'
import { ListError } from './list-error.ts'
import { MOST_ENTRIES, NetworkSetBuilder } from './network-set.ts'
import { networksOfPattern } from './stix-pattern.ts'

/** STIX writes instants with any number of digits after the second. */
const StixInstant = z.iso.datetime()

/** What is read of an indicator (STIX 2.1, section 4.7); the rest of it is left aside. */
export const Indicator = z.object({
  type: z.literal('indicator'),
  id: z.string().regex(/^indicator--[0-9a-fA-F-]{36}$/),
  modified: StixInstant.optional(),
  revoked: z.boolean().optional(),
  pattern: z.string().max(65_536),
  pattern_type: z.string().max(256).optional(),
  valid_from: StixInstant.optional(),
  valid_until: StixInstant.optional(),
})
export type Indicator = z.infer<typeof Indicator>

const Bundle = z.object({
  type: z.literal('bundle'),
  objects: z.array(z.unknown()).max(MOST_ENTRIES).default([]),
})

/**
 * Reads a STIX 2.1 bundle: the networks of its indicators that hold at `nowMs`.
 * Of two versions of one indicator the later counts; objects of other types
 * are none of our business.
 *
 * @throws ListError when it is no bundle or holds more than it may
 */
export async function readStixBundle(text: string, nowMs: number): Promise<ListContent> {
  const builder = new NetworkSetBuilder()
  const examples: string[] = []
  let entries = 0
  let unread = 0
  let changesAtMs = Infinity
  const skip = (what: string): void => {
    unread += 1
    if (examples.length < MOST_EXAMPLES) examples.push(what)
  }
  const indicators = await newestOf(bundleOf(text).objects, skip)
  let read = 0
  for (const { id, pattern, pattern_type = 'stix', revoked = false, valid_from, valid_until } of indicators) {
    if (++read % SLICE === 0) await turn()
    const fromMs = valid_from === undefined ? -Infinity : Date.parse(valid_from)
    const untilMs = valid_until === undefined ? Infinity : Date.parse(valid_until)
    if (revoked || untilMs <= nowMs) continue
    const networks = pattern_type === 'stix' ? networksOfPattern(pattern) : null
    if (networks === null) {
      skip(id)
      continue
    }
    changesAtMs = Math.min(changesAtMs, fromMs > nowMs ? fromMs : untilMs)
    if (fromMs > nowMs) continue
    entries += 1
    for (const network of networks) builder.add(network)
    if (builder.entries > MOST_ENTRIES) throw new ListError(`it has more than ${MOST_ENTRIES} entries`)
  }
  return { networks: builder.build(), entries, unread, examples, changes_at_ms: changesAtMs }
}

function bundleOf(text: string): z.infer<typeof Bundle> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new ListError('it is no JSON')
  }
  const bundle = Bundle.safeParse(document)
  if (!bundle.success) throw new ListError('it is no STIX bundle')
  return bundle.data
}

async function newestOf(
  objects: readonly unknown[],
  skip: (what: string) => void,
): Promise<IterableIterator<Indicator>> {
  const newest = new Map<string, Indicator>()
  for (const [index, object] of objects.entries()) {
    if (index % SLICE === SLICE - 1) await turn()
    if (!isIndicator(object)) continue
    const parsed = Indicator.safeParse(object)
    if (!parsed.success) skip(`object ${index + 1}`)
    else keepNewest(newest, parsed.data)
  }
  return newest.values()
}

export function isIndicator(object: unknown): boolean {
  return typeof object === 'object' && object !== null && 'type' in object && object.type === 'indicator'
}

/** Puts an indicator in, unless a later version of it is there. */
export function keepNewest(newest: Map<string, Indicator>, indicator: Indicator): void {
  const known = newest.get(indicator.id)
  if (known !== undefined && Date.parse(known.modified ?? '') > Date.parse(indicator.modified ?? '')) return
  newest.set(indicator.id, indicator)
}
