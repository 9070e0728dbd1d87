import { z } from 'zod'
import { isObject, textOf } from '../../formats/json.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { sameOrigin } from './ask.ts'
import { believable } from './believable.ts'
import { clientTokens, fileTokens, type ClientSettings } from './bearer.ts'
import { offeredEvents } from './events.ts'
import { startPolling, type Poll } from './polling.ts'

/** When the newest sign-in that we have was created. */
const EntraPosition = z.strictObject({ created: z.iso.datetime() })

export interface EntraSettings {
  readonly name: string
  readonly url: string
  readonly token_file?: string | undefined
  readonly client?: ClientSettings | undefined
  readonly poll: number
  readonly overlap: number
  readonly page: number
}

/**
 * Pulls sign-ins from Microsoft Graph. There is no feed of them: each look asks
 * for those created since the newest one that we have, less an overlap, because
 * they appear minutes after they were created and not in order. Each has an id,
 * by which those that we have are known; what Graph adds to one later (a risk) is
 * not taken up. One that appears later than the overlap is missed.
 *
 * @see "List signIns", Microsoft Graph REST API v1.0.
 */
export async function startEntra(settings: EntraSettings, context: SourceContext): Promise<RunningSource> {
  const { intake, now } = context
  const setting = `collector.sources.${settings.name}`
  const token =
    settings.client === undefined
      ? fileTokens(settings.token_file ?? '', `${setting}.token_file`)
      : clientTokens(settings.client, `${setting}.client`, now)
  const before = intake.before?.position ?? null
  let { created } =
    before === null ? { created: new Date(now()).toISOString() } : EntraPosition.parse(JSON.parse(before))
  if (before === null) await intake.take({ records: [], position: JSON.stringify({ created }) })

  function firstPage(): URL {
    const from = new Date(Date.parse(created) - settings.overlap).toISOString()
    const url = new URL('/v1.0/auditLogs/signIns', settings.url)
    url.searchParams.set('$filter', `createdDateTime ge ${from}`)
    url.searchParams.set('$orderby', 'createdDateTime')
    url.searchParams.set('$top', String(settings.page))
    return url
  }

  async function look(poll: Poll): Promise<void> {
    let newest = created
    for (let url: URL | null = firstPage(); url !== null;) {
      const { body } = await poll.get(url, `Bearer ${await token(poll.signal)}`)
      const events = offeredEvents(body, 'value', 'id')
      for (const instant of believable(events.all('createdDateTime'), now()))
        if (instant > newest) newest = instant
      const link = linkOf(body)
      const following = link === '' ? null : sameOrigin(link, settings.url)
      if (following?.href === url.href) throw new Error('the API gives the same page as the one behind it')
      url = following
      // Pages may come in any order: only behind the last one everything up to the newest is ours.
      if (url === null) created = newest
      await intake.take({ records: events.records, position: JSON.stringify({ created }) })
    }
  }
  return startPolling(context, settings.poll, look)
}

function linkOf(body: Buffer): string {
  const page: unknown = JSON.parse(body.toString('utf8'))
  return isObject(page) ? textOf(page, '@odata.nextLink') : ''
}
