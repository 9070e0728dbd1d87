import type { Ordinary } from '../../../schemas/truth.ts'
import { helperOf, worksPrivately } from './bystanders.ts'
import type { Calendar } from './calendar.ts'
import type { Service } from './services.ts'
import type { Person } from './staff.ts'
import { isOnCall } from './stays.ts'
import { DAY, START_MS } from './time.ts'

/** The harmless happenings that look strange, so that false findings can be told apart by what they were about. */
export function* ordinaryHappenings(
  people: readonly Person[],
  services: readonly Service[],
  days: number,
  calendar: Calendar,
  seed: number,
): Generator<Ordinary> {
  const of = (scenario: string, who: string | null, from: number, to: number): Ordinary => ({
    kind: 'ordinary',
    id: `${scenario}-${who ?? 'all'}-${from}`.replace(':', '-'),
    tenant: 'default',
    scenario,
    entity: who === null ? null : { type: 'subject', id: who },
    started_at: new Date(START_MS + from * DAY).toISOString(),
    ended_at: new Date(START_MS + to * DAY).toISOString(),
  })
  for (const who of people) {
    const id = `user:${who.id}`
    const { away, moves } = who
    for (const { from, to } of who.trips) if (from <= days) yield of('business_travel', id, from, to + 2)
    if (who.firstDay >= 0) yield of('new_joiner', id, who.firstDay, who.firstDay + 7)
    if (moves !== null) yield of('role_change', id, moves.day, moves.day + 7)
    if (away !== null) yield of('back_from_leave', id, away.from, away.to + 2)
    for (const { fromDay } of who.laptops.slice(1)) yield of('new_laptop', id, fromDay, fromDay + 3)
    for (let week = 0; week * 7 < days; week++)
      if (isOnCall(who, week * 7)) yield of('on_call', id, week * 7, week * 7 + 7)
    if (who.department === 'finance')
      yield of('quarter_end', id, calendar.quarterEnd.from, calendar.quarterEnd.to + 1)
    if (who.department === 'sales')
      yield of('policy_rollout', id, calendar.rolloutDay, calendar.rolloutDay + 1)
    for (let day = 0; day <= days; day++) {
      if (worksPrivately(who, day, seed)) yield of('private_computer', id, day, day + 2)
      const helper = helperOf(who, day, people, seed)
      if (helper !== undefined)
        yield { ...of('help_desk', `user:${helper.id}`, day, day + 1), id: `help_desk-${who.id}-${day}` }
    }
    if (who.kiosk) yield of('kiosk', id, 0, days + 1)
  }
  for (const { id } of services) yield of('service_account', `service:${id}`, 0, days + 1)
  yield of('gateway_moves', null, calendar.gatewayMovesDay, calendar.gatewayMovesDay + 1)
  yield of('proxy_moves', null, calendar.proxyMovesDay, calendar.proxyMovesDay + 1)
  yield of('office_moves', null, calendar.officeMovesDay, calendar.officeMovesDay + 1)
  yield of('new_browsers', null, calendar.newVersionDay, calendar.newVersionDay + 9)
}
