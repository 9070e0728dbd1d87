import type { Row } from '../../../schemas/clickhouse/decision-row.ts'
import type { Story } from '../../../schemas/story.ts'
import { ingestedAt, instant, instantOrNull } from './row-of.ts'

/** A story as a row of `stories`. */
export function storyRow(story: Story, ingestedMs: number): Row {
  const { entities, ...plain } = story
  return {
    ...plain,
    entities_type: entities.map(({ type }) => type),
    entities_id: entities.map(({ id }) => id),
    opened_at: instant('opened_at', story.opened_at),
    observed_at: instant('observed_at', story.observed_at),
    closed_at: instantOrNull('closed_at', story.closed_at),
    ingested_at: ingestedAt(ingestedMs),
  }
}
