import type { Decision } from '../../../schemas/decision.ts'
import type { Device } from '../../../schemas/device.ts'
import { deviceInventory } from '../../../schemas/topics.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import type { Person } from '../people/person.ts'

export type SeenDevice = NonNullable<Decision['device']>

/** The company's computers, as its device management keeps them in the inventory. */
export interface Fleet {
  /** The device as an enforcement point sees it; undefined: nobody's. */
  readonly seen: (id: string) => SeenDevice | undefined
  /** Tells the inventory of all of them anew; a record that nobody refreshes is worth less. */
  report(): Promise<void>
  /** One falls out of order, and the one that fell before it is in order again. */
  fall(id: string): Promise<void>
}

/** One computer for each of the people, but for those who share one. */
export function createFleet(
  people: readonly Person[],
  { eventLog, tenant, now }: { eventLog: EventLog; tenant: string; now: () => number },
): Fleet {
  const devices = new Map(people.map((person) => [person.computer, deviceOf(person, tenant)]))
  let fallen: string | null = null

  function record(id: string) {
    const device = devices.get(id)
    if (device === undefined) return []
    const condition = id === fallen ? FALLEN : {}
    return [
      jsonRecord(deviceInventory, { ...device, ...condition, updated_at: new Date(now()).toISOString() }),
    ]
  }

  return {
    seen(id) {
      const device = devices.get(id)
      if (device === undefined) return undefined
      const { managed, os } = device
      const { posture, tier } = { ...device, ...(id === fallen && FALLEN) }
      return { id, managed, os, posture, tier }
    },
    async report() {
      await eventLog.append([...devices.keys()].flatMap(record))
    },
    async fall(id) {
      const mended = fallen
      fallen = id
      await eventLog.append([...record(id), ...(mended === null ? [] : record(mended))])
    },
  }
}

/** Whoever brings their own Linux is not. */
export function isManaged({ agents }: Pick<Person, 'agents'>): boolean {
  return !agents[0].user_agent.includes('Linux')
}

const FALLEN = { posture: 'not_compliant', tier: 'basic' } as const

function deviceOf({ computer, id, agents }: Person, tenant: string): Omit<Device, 'updated_at'> {
  const managed = isManaged({ agents })
  return {
    schema_version: 1,
    tenant,
    id: computer,
    os: osOf(agents[0].user_agent),
    owner: computer.endsWith(id) ? id : null,
    key_thumbprint: null,
    ...(managed
      ? { managed, posture: 'compliant', tier: 'privileged' }
      : { managed, posture: 'unknown', tier: 'basic' }),
  }
}

function osOf(user_agent: string): string {
  if (user_agent.includes('Windows')) return 'windows'
  return user_agent.includes('Macintosh') ? 'macos' : 'linux'
}
