import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RiskState } from '../../schemas/risk.ts'
import { type EventReader, readEvents } from '../support/collector/event-source.ts'
import { eventually } from '../support/eventually.ts'
import { type FeedbackHouse, startHouse, temporaryDirectory } from '../support/feedback/feedback.ts'
import { finding, subject } from '../support/scoring/findings.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let house: FeedbackHouse
const readers: EventReader[] = []

beforeEach(async () => {
  directory = await temporaryDirectory()
  house = await startHouse(directory.path)
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await house.stop()
  await directory.remove()
})

async function open(lastEventId?: string, query = ''): Promise<EventReader> {
  const headers = { ...house.gateway, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) }
  const reader = await readEvents(`${house.url}/api/v1/risk/stream${query}`, headers)
  readers.push(reader)
  return reader
}

async function suspect(from: number, to: number): Promise<void> {
  const all = Array.from({ length: to - from }, (_, i) =>
    finding({ id: `f-${from + i}`, entity: subject(`u${from + i}`), evidence_nats: 2, at_ms: Date.now() }),
  )
  await house.find(...all)
}

const caughtUp = (reader: EventReader) =>
  eventually('caught up', () => reader.events.some(({ event }) => event === 'caught_up'))

const heard = (reader: EventReader) =>
  reader.events.filter(({ event }) => event === 'risk').map(({ data }) => RiskState.parse(data).entity.id)

const users = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `user:u${from + i}`).sort()

describe('risk stream', () => {
  it('gives the present first, then what comes, each with its place', async () => {
    await suspect(0, 3)
    const reader = await open()
    await eventually('three states', () => heard(reader).length === 3)
    await caughtUp(reader)
    await suspect(3, 5)
    await eventually('five states', () => heard(reader).length === 5)
    expect(heard(reader).sort()).toEqual(users(0, 5))
    expect(new Set(reader.events.map(({ id }) => id)).size).toBeGreaterThanOrEqual(5)
  })

  it('goes on after any event without loss or repeat', async () => {
    const all = await open()
    await caughtUp(all)
    await suspect(0, 40)
    await eventually('forty states', () => heard(all).length === 40)
    const places = all.events.filter(({ event }) => event === 'risk').map(({ id }) => id)
    for (const [index, place] of places.entries()) {
      if (index % 7 !== 0) continue
      const reader = await open(place)
      await caughtUp(reader)
      expect([...heard(all).slice(0, index + 1), ...heard(reader)].sort()).toEqual(users(0, 40))
    }
  })

  it('goes on over a restart of the server', async () => {
    const before = await open()
    await caughtUp(before)
    await suspect(0, 5)
    await eventually('five states', () => heard(before).length === 5)
    const last = before.events.at(-1)?.id
    await house.stop()
    expect(await eventually('the stream ended', () => before.ended())).toBe(true)

    house = await startHouse(directory.path)
    await suspect(5, 9)
    const after = await open(last)
    await eventually('four states', () => heard(after).length === 4)
    await caughtUp(after)
    expect(heard(after).sort()).toEqual(users(5, 9))
  })

  it('many who come and go while risk changes each hear everything once', async () => {
    const early = await open()
    await caughtUp(early)
    const changing = (async () => {
      for (let i = 0; i < 100; i += 5) await suspect(i, i + 5)
    })()
    const late = await Promise.all(Array.from({ length: 10 }, () => open()))
    await changing
    for (const reader of [early, ...late]) {
      await eventually('a hundred states', () => heard(reader).length >= 100)
      expect(heard(reader).sort()).toEqual(users(0, 100))
    }
  })

  it.each(['garbage', '1', '9.9.9.9.9.9', '999999999.999999999', '-1.-1', ''])(
    'a place that can’t be (%j) starts from the beginning',
    async (place) => {
      await suspect(0, 2)
      const early = await open()
      await eventually('two states', () => heard(early).length === 2)
      const reader = await open(place)
      await caughtUp(reader)
      expect(heard(reader).sort()).toEqual(users(0, 2))
    },
  )

  it('tells one tenant’s risk to who asks for one tenant', async () => {
    await house.find(
      finding({ tenant: 'one', at_ms: Date.now() }),
      finding({ tenant: 'two', id: 'f-2', entity: subject('bob'), at_ms: Date.now() }),
    )
    const both = await open()
    await eventually('two states', () => heard(both).length === 2)
    const one = await open(undefined, '?tenant=one')
    await caughtUp(one)
    expect(heard(one)).toEqual(['user:alice'])
  })

  it('shows that it is alive, and says when an entity is forgotten', async () => {
    await house.stop()
    house = await startHouse(directory.path, { feed: { heartbeat: '100ms' }, max_entities: 100 })
    const reader = await open()
    await eventually('heartbeats', () => reader.comments.filter((line) => line.startsWith(': ')).length >= 2)
    await suspect(0, 110)
    const gone = await eventually('forgotten', () => reader.events.find(({ event }) => event === 'forgotten'))
    expect(gone.data).toMatchObject({ tenant: 'default', type: 'subject' })
  })

  it('ends when its token is revoked', async () => {
    await house.stop()
    house = await startHouse(directory.path, { feed: { heartbeat: '100ms' } })
    const reader = await open()
    await caughtUp(reader)
    expect(reader.ended()).toBe(false)
    for (const { id, name } of await house.tokens.list())
      if (name === 'gateway') await house.tokens.revoke(id)
    expect(await eventually('the end', () => reader.ended())).toBe(true)
  })

  it('turns away more subscribers than it may have', async () => {
    await house.stop()
    house = await startHouse(directory.path, { feed: { max_subscribers: 2 } })
    await caughtUp(await open())
    await caughtUp(await open())
    const third = await fetch(`${house.url}/api/v1/risk/stream`, { headers: house.gateway })
    expect(third.status).toBe(503)
    expect(await third.json()).toMatchObject({ code: 'ERR_TOO_MANY_SUBSCRIBERS' })
  })
})
