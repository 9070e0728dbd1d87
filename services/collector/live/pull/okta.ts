import { z } from 'zod'
import type { RunningSource, SourceContext } from '../source.ts'
import { ApiRefusal, nextLink, sameOrigin } from './ask.ts'
import { fileTokens } from './bearer.ts'
import { believable } from './believable.ts'
import { offeredEvents } from './events.ts'
import { startPolling, type Poll } from './polling.ts'

const MOST_LINK = 8192
/** Where to ask next; the API's own link, which it makes for each page and goes on from for ever. */
const OktaPosition = z.strictObject({
  next: z.string().max(MOST_LINK),
  /** When the newest event of a page was published: what is asked for if the API no longer knows its link. */
  published: z.string().max(64),
})

export interface OktaSettings {
  readonly name: string
  readonly url: string
  readonly token_file: string
  readonly scheme: 'SSWS' | 'Bearer'
  readonly poll: number
  readonly page: number
}

/**
 * Pulls Okta's System Log: pages in the order in which events were stored, each
 * with a link to what comes after it, also where nothing has come yet. The link
 * is our position. Okta names its events, so what comes twice is known.
 *
 * @see "System Log API", polling requests, Okta developer documentation.
 */
export async function startOkta(settings: OktaSettings, context: SourceContext): Promise<RunningSource> {
  const { intake, logger, now } = context
  const token = fileTokens(settings.token_file, `collector.sources.${settings.name}.token_file`)
  const before = intake.before?.position ?? null
  let { next, published } =
    before === null ? since(new Date(now()).toISOString()) : OktaPosition.parse(JSON.parse(before))
  // Written down at once: what comes from here on is ours even if nothing ever came before the next start.
  if (before === null) await intake.take({ records: [], position: JSON.stringify({ next, published }) })

  function since(instant: string): z.infer<typeof OktaPosition> {
    const url = new URL('/api/v1/logs', settings.url)
    url.search = new URLSearchParams({
      since: instant,
      sortOrder: 'ASCENDING',
      limit: String(settings.page),
    }).toString()
    return { next: url.href, published: instant }
  }

  async function look(poll: Poll): Promise<void> {
    for (;;) {
      const url = sameOrigin(next, settings.url)
      const answer = await poll.get(url, `${settings.scheme} ${await token()}`).catch((error: unknown) => {
        if (error instanceof ApiRefusal && [400, 404, 410].includes(error.status)) return null
        throw error
      })
      if (answer === null) {
        const again = since(published)
        if (again.next === next) throw new ApiRefusal(400)
        logger.warn('the API no longer knows where we were; what was published since then is asked for again')
        ;({ next } = again)
        continue
      }
      const events = offeredEvents(answer.body, null, 'uuid')
      const link = nextLink(answer.headers)
      const behind = link === null ? next : sameOrigin(link, settings.url).href
      if (events.records.length === 0 && behind === next) return
      // What can't be read back must not become our position.
      if (behind.length > MOST_LINK)
        throw new Error(`the API gives a link of more than ${MOST_LINK} characters`)
      const isSame = behind === next
      published = believable(events.all('published'), now()).at(-1) ?? published
      next = behind
      await intake.take({ records: events.records, position: JSON.stringify({ next, published }) })
      if (isSame || events.records.length < settings.page) return
    }
  }
  return startPolling(context, settings.poll, look)
}
