import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alertsDeliveries, alertsOutbox } from '../../schemas/topics.ts'
import { alert } from '../support/feedback/alert.ts'
import { eventually } from '../support/eventually.ts'
import { type FeedbackHouse, startHouse, temporaryDirectory } from '../support/feedback/feedback.ts'
import { finding, subject } from '../support/scoring/findings.ts'
import { type HttpCatcher, startCatcher } from '../support/feedback/http-catcher.ts'
import { jsonRecord } from '../../services/runtime/log/json-record.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('one alert a story, whatever dies', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let pager: HttpCatcher
  let house: FeedbackHouse | undefined

  beforeEach(async () => {
    directory = await temporaryDirectory()
    pager = await startCatcher()
    await mkdir(directory.path, { recursive: true })
    await writeFile(join(directory.path, 'secret'), SECRET)
  })
  afterEach(async () => {
    await house?.stop()
    await pager.close()
    await directory.remove()
  })

  function start(): Promise<FeedbackHouse> {
    return startHouse(directory.path, {
      alerts: {
        webhooks: [{ name: 'pager', url: `${pager.url}/hook`, secret_file: join(directory.path, 'secret') }],
      },
    })
  }

  const ids = () => pager.caught.map(({ headers }) => headers['webhook-id'])

  it('a crash after the post and before its record posts the same change under the same id', async () => {
    house = await start()
    await house.find(finding({ at_ms: Date.now() }))
    await eventually('a page', () => ids().length === 1)
    await eventually('its record', async () => {
      const table = await house?.runtime.eventLog.openTable(alertsDeliveries)
      const written = [...(table?.entries() ?? [])]
      await table?.close()
      return written.length === 1
    })
    // The crash: the post went out, its record did not reach the log.
    const deliveries = await house.runtime.eventLog.openTable(alertsDeliveries)
    const [key = ''] = [...deliveries.entries()].map(([key]) => key)
    await deliveries.close()
    await house.runtime.eventLog.append([{ topic: alertsDeliveries, key, value: null }])
    await house.stop()
    house = await start()
    await eventually('the page again', () => ids().length === 2)
    expect(ids()[1]).toBe(ids()[0])
    expect(pager.caught[1]?.body).toBe(pager.caught[0]?.body)

    // and a restart after the record posts nothing
    await eventually('its record', async () => {
      const outbox = await house?.runtime.eventLog.openTable(alertsDeliveries)
      const entries = [...(outbox?.entries() ?? [])].length
      await outbox?.close()
      return entries === 1
    })
    await house.stop()
    house = await start()
    await house.find(finding({ id: 'f-2', entity: subject('bob'), at_ms: Date.now() }))
    await eventually('bob’s page', () => new Set(ids()).size === 2)
    expect(ids()).toHaveLength(3)
  })

  it('a crash before the post loses no alert: it stands in the outbox', async () => {
    house = await start()
    await house.stop()
    // The ledger committed an alert and died with everything else.
    house = await startHouse(directory.path)
    await house.runtime.eventLog.append([jsonRecord(alertsOutbox, alert())])
    await house.stop()
    house = await start()
    await eventually('the page', () => ids().length === 1)
    expect(ids()).toEqual(['alert-s-1-1'])
    const headers = Object.fromEntries(
      Object.entries(pager.caught[0]?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    )
    expect(new Webhook(SECRET).verify(pager.caught[0]?.body ?? '', headers)).toMatchObject({
      type: 'story.opened',
    })
  })

  it('many findings of one story page once, and its end once', async () => {
    house = await start()
    for (let revision = 1; revision <= 20; revision++)
      await house.find(finding({ revision, at_ms: Date.now() + revision }))
    await eventually('a page', () => ids().length > 0)
    const answer = await fetch(`${house.url}/api/v1/stories?state=open`, { headers: house.analyst })
    const { stories } = await answer.json()
    await fetch(`${house.url}/api/v1/stories/${stories[0].id}/verdict`, {
      method: 'POST',
      headers: { ...house.analyst, 'content-type': 'application/json' },
      body: '{"verdict":"dismiss"}',
    })
    await eventually('its end', () => pager.caught.some(({ body }) => body.includes('"story.resolved"')))
    expect(ids()).toHaveLength(2)
  })

  it('a receiver that answers 500 holds up no other and is not asked in a loop; 410 is asked no more', async () => {
    pager.answers.push({ status: 500 }, { status: 410 })
    house = await start()
    await house.find(finding({ at_ms: Date.now() }))
    await eventually('the first try', () => ids().length === 1)
    const tried = await eventually('the failure is written down', async () => {
      const table = await house?.runtime.eventLog.openTable(alertsDeliveries)
      const [value] = [...(table?.entries() ?? [])].map(([, bytes]) => Buffer.from(bytes).toString('utf8'))
      await table?.close()
      return value
    })
    const record: unknown = JSON.parse(tried)
    expect(record).toMatchObject({ outcome: 'retrying', attempts: 1, delivered_revision: 0 })
    // a new alert is tried at once, and meets the 410
    await house.find(finding({ id: 'f-2', entity: subject('bob'), at_ms: Date.now() }))
    await eventually('the second alert', () => ids().length === 2)
    await eventually('410 is counted', async () =>
      /alert_deliveries_total\{receiver="webhook-pager",outcome="gone"\} 1/.test(
        (await house?.runtime.metrics.metrics()) ?? '',
      ),
    )
    await house.find(finding({ id: 'f-3', entity: subject('carol'), at_ms: Date.now() }))
    await house.stop()
    house = await start()
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    expect(ids()).toHaveLength(2)
  })
})
