import { z } from 'zod'
import type { Notes } from '../../state/entity/entity-state.ts'
import type { Event } from '../windows/events.ts'

/**
 * What is known of one group of a rule: the decisions in its window, and the
 * finding that is going on. A rule of single decisions has a group for each
 * entity, without a window.
 */
export interface Group {
  /** Of the rule that counted these events. */
  edition: string
  newest_ms: number
  /** From then on, by event time, nothing of it is needed any more. */
  until_ms: number
  events: Event[]
  notes: Notes | undefined
  /** Day of event time on which a finding of it was held back. */
  held_day: number
}

/** A group of which nothing is known. */
export function newGroup(edition: string): Group {
  return { edition, newest_ms: 0, until_ms: 0, events: [], notes: undefined, held_day: -1 }
}

const Stored = z.object({
  edition: z.string(),
  newest_ms: z.number(),
  until_ms: z.number(),
  /** Time, part, decision, value, decisions before it. */
  events: z.array(
    z.tuple([
      z.number(),
      z.number(),
      z.string(),
      z.string().nullable().optional(),
      z.array(z.string()).optional(),
    ]),
  ),
  notes: z.custom<Notes>((notes) => typeof notes === 'object' && notes !== null).optional(),
  held_day: z.number(),
})

/** As the changelog has it: always in this order, so that a successor writes the same bytes. */
export function encodeGroup({ edition, newest_ms, until_ms, held_day, notes, events }: Group): string {
  const rows = events.map(({ at_ms, part, id, value, before }) => {
    if (before !== undefined) return [at_ms, part, id, value ?? null, before]
    return value === undefined ? [at_ms, part, id] : [at_ms, part, id, value]
  })
  return JSON.stringify({ edition, newest_ms, until_ms, held_day, notes, events: rows })
}

/** Undefined for what no version of ours wrote. */
export function decodeGroup(json: unknown): Group | undefined {
  const stored = Stored.safeParse(json)
  if (!stored.success) return undefined
  const { events, notes, ...group } = stored.data
  return {
    ...group,
    notes,
    events: events.map(([at_ms, part, id, value, before]) => ({
      at_ms,
      part,
      id,
      ...(value === undefined || value === null ? {} : { value }),
      ...(before === undefined ? {} : { before }),
    })),
  }
}
