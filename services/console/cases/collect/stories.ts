import { z } from 'zod'
import type { Story } from '../../../../schemas/story.ts'
import { toStory } from '../../store/findings.ts'
import type { Store } from '../../store/store.ts'
import { statementOf } from '../statement.ts'
import { collected, type Collected } from './collected.ts'

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
export async function collectStories(
  store: Store,
  tenant: string,
  finding_ids: readonly string[],
  story_ids: readonly string[],
): Promise<Collected<Story>> {
  const params = { tenant, ids: finding_ids, stories: story_ids }
  const query = `SELECT *, count() OVER () AS n FROM (
       SELECT * FROM stories
       WHERE tenant = {tenant:String} AND (hasAny(finding_ids, {ids:Array(String)}) OR id IN {stories:Array(String)})
       ORDER BY revision DESC LIMIT 1 BY id
     ) ORDER BY opened_at, id`
  let all = 0
  const rows = await store('the stories', `${query} LIMIT ${MOST_STORIES}`, params, (value) => {
    const { n, ...row } = z.looseObject({ n: z.coerce.number() }).parse(value)
    all = n
    return toStory(row)
  })
  return collected(rows, all, () => statementOf(query, params))
}
