import type { Story } from '../../../../schemas/story.ts'
import { toStory } from '../../store/findings.ts'
import type { Store } from '../../store/store.ts'

const MOST_STORIES = 50

/** A story in its newest revision. */
export async function storyById(store: Store, tenant: string, id: string): Promise<Story | null> {
  const rows = await store(
    'the story',
    `SELECT * FROM stories WHERE tenant = {tenant:String} AND id = {id:String} ORDER BY revision DESC LIMIT 1`,
    { tenant, id },
    toStory,
  )
  return rows[0] ?? null
}

/** The stories that the findings belong to, the oldest first, and those of these ids. */
export function collectStories(
  store: Store,
  tenant: string,
  finding_ids: readonly string[],
  story_ids: readonly string[],
): Promise<Story[]> {
  return store(
    'the stories',
    `SELECT * FROM (
       SELECT * FROM stories
       WHERE tenant = {tenant:String} AND (hasAny(finding_ids, {ids:Array(String)}) OR id IN {stories:Array(String)})
       ORDER BY revision DESC LIMIT 1 BY id
     ) ORDER BY opened_at, id LIMIT ${MOST_STORIES}`,
    { tenant, ids: finding_ids, stories: story_ids },
    toStory,
  )
}
