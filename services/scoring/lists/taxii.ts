import { z } from 'zod'
import { get, MOST_BYTES } from './http.ts'
import { ListError } from './list-error.ts'
import { MOST_ENTRIES } from './network-set.ts'
import { Indicator, isIndicator, keepNewest } from './stix.ts'

const MEDIA_TYPE = 'application/taxii+json;version=2.1'
/** Objects that are asked for at once; a server may give fewer. */
const PAGE = 1000
const MOST_PAGES = 10_000

/** TAXII 2.1, section 3.7: the envelope. */
const Envelope = z.object({
  more: z.boolean().default(false),
  next: z.string().max(4096).optional(),
  objects: z.array(z.unknown()).max(100_000).default([]),
})

const Kept = z.object({ objects: z.array(Indicator) })

/** What a collection held when it was last read. */
export interface CollectionState {
  /** A bundle of its indicators, as `readCollection` gave it. */
  readonly content: string
  /** When the newest of them was added, as the server has it. */
  readonly added_after: string
}

export interface Collection {
  /** A STIX bundle of the collection's indicators. */
  readonly content: string
  /** Undefined where the server does not say: then the next reading is whole again. */
  readonly added_after: string | undefined
}

/**
 * Reads the indicators of a TAXII 2.1 collection, page after page: all of them,
 * or what was added since `before`. Nothing is kept of a reading that fails half way.
 *
 * @see TAXII 2.1, section 3.5 (pages), 5.4 (Get Objects)
 * @throws ListError, and what `fetch` throws
 */
export async function readCollection(
  url: string,
  credentials: Readonly<Record<string, string>>,
  before: CollectionState | undefined,
  signal: AbortSignal,
): Promise<Collection> {
  const newest = new Map<string, Indicator>()
  if (before !== undefined)
    for (const indicator of Kept.parse(JSON.parse(before.content)).objects)
      newest.set(indicator.id, indicator)
  let unreadable = 0
  let bytes = 0
  let addedAfter = before?.added_after
  let said = before?.added_after
  let next: string | undefined
  for (let page = 0; ; page++) {
    if (page >= MOST_PAGES) throw new ListError(`it has more than ${MOST_PAGES} pages`)
    const answer = await get(
      pageUrl(url, addedAfter, next),
      { accept: MEDIA_TYPE, ...credentials },
      { signal, most_bytes: MOST_BYTES - bytes },
    )
    bytes += answer.text.length
    const envelope = envelopeOf(answer.headers.get('content-type') ?? '', answer.text)
    for (const object of envelope.objects) {
      if (!isIndicator(object)) continue
      const parsed = Indicator.safeParse(object)
      if (parsed.success) keepNewest(newest, parsed.data)
      else unreadable += 1
    }
    if (newest.size > MOST_ENTRIES) throw new ListError(`it has more than ${MOST_ENTRIES} entries`)
    const last = answer.headers.get('x-taxii-date-added-last') ?? undefined
    if (envelope.objects.length > 0) said = last
    if (!envelope.more) break
    // A server that gives no mark for the next page is asked by the time of the last object.
    if (envelope.next === undefined && (last === undefined || last === addedAfter))
      throw new ListError('the server has more, and does not say where')
    if (envelope.next === undefined) addedAfter = last
    next = envelope.next
  }
  if (unreadable > newest.size) throw new ListError(`${unreadable} of its indicators can't be read`)
  const objects = [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { content: JSON.stringify({ type: 'bundle', objects }), added_after: said }
}

function pageUrl(collection: string, addedAfter: string | undefined, next: string | undefined): URL {
  const url = new URL(collection)
  url.pathname = `${url.pathname.replace(/\/$/, '').replace(/\/objects$/, '')}/objects/`
  url.searchParams.set('match[type]', 'indicator')
  url.searchParams.set('limit', String(PAGE))
  if (addedAfter !== undefined) url.searchParams.set('added_after', addedAfter)
  if (next !== undefined) url.searchParams.set('next', next)
  return url
}

function envelopeOf(contentType: string, text: string): z.infer<typeof Envelope> {
  if (!contentType.startsWith('application/taxii+json')) throw new ListError('the answer is no TAXII')
  // An empty page may be an empty object, or nothing at all.
  if (text === '') return Envelope.parse({})
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new ListError('the answer is no JSON')
  }
  const envelope = Envelope.safeParse(document)
  if (!envelope.success) throw new ListError('the answer is no TAXII envelope')
  return envelope.data
}
