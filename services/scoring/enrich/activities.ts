import type { Activity } from '../../../schemas/activity.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { subjectEntityId, type Entity } from '../../../schemas/entity.ts'
import type { Enrichment } from '../../../schemas/scored-decision.ts'
import type { EnrichedDecision } from '../detector.ts'
import { combine } from '../state/hash.ts'
import { layout, type StateOf } from '../state/layout.ts'
import { slots, type Slots } from '../state/slots.ts'

const DAY_MS = 86_400_000
const HALF_LIFE_MS = 45 * DAY_MS
/** Days, decayed, from which on a device is the subject's own. */
const OWN = 1.5
/** How well a resource of high sensitivity, and a network away from home, are told apart from a device in one table. */
const SENSITIVE = 0x5e751
const ELSEWHERE = 0xe15e

const fields = { devices: slots(4), told: slots(4) }
/** What a subject's state keeps so that its slim records are few: the devices it uses, by days, and what was told today. */
export const tellingLayout = layout(fields)
export type Telling = StateOf<typeof fields>

/**
 * The slim records that follow from a decision, for the entities of the second
 * stage. Each costs as much on the log as a small decision does, so one is
 * written only where it tells something:
 *
 * - its network: always;
 * - its device: when a person is let in with it for the first time on a day, and
 *   for the first time on a day to something of high sensitivity;
 * - its client and its autonomous system: when proof of identity was refused,
 *   and once a day and network when a subject is let in from one that it does
 *   not use. What is left out is the common case, of which those two kinds are
 *   compared with each other.
 *
 * Depends on the decision and on the subject's own state alone, so a replay
 * writes the same ones.
 *
 * @param familiar whether the subject comes from where it usually does; undefined while nothing is known of it
 * @param teaches the decision counts: it is neither late nor an effect of our own feedback
 */
export function activitiesOf(
  facts: EnrichedDecision,
  telling: Telling,
  familiar: boolean | undefined,
  teaches: boolean,
): Activity[] {
  const { decision, enrichment } = facts
  const activities: Activity[] = []
  const tell = (type: Entity['type'], id: string, habits?: Activity['habits']) => {
    activities.push({
      ...slim(decision, enrichment, { type, id }),
      ...(habits === undefined ? {} : { habits }),
    })
  }
  const network = networkActivity(decision, enrichment)
  if (network !== undefined) activities.push(network)
  if (!teaches || decision.subject.type === 'anonymous') return activities
  if (
    facts.credential_failure ||
    (familiar === false && news(telling, facts, combine(facts.prefix, ELSEWHERE)))
  ) {
    const habits = familiar === undefined ? undefined : { ...devicesOf(telling, facts), familiar }
    const client = clientIdOf(facts)
    if (client !== '') tell('client', client, habits)
    const { asn } = enrichment.source
    if (asn !== 0) tell('asn', String(asn), habits)
  }
  const device = decision.device?.id
  if (device === undefined || !facts.permitted || decision.subject.type !== 'user') return activities
  const sensitive =
    enrichment.resource.sensitivity === 'high' && news(telling, facts, combine(facts.device, SENSITIVE))
  const today = newDay(telling.devices, facts.device, facts.at_ms)
  if (!today && !sensitive) return activities
  tell('device', device, { ...devicesOf(telling, facts), familiar: familiar !== false })
  if (today) telling.devices.add(facts.device, dayOf(facts.at_ms), HALF_LIFE_MS)
  return activities
}

/** The slim record for the network that a decision came from; undefined where it names none. */
export function networkActivity(decision: Decision, enrichment: Enrichment): Activity | undefined {
  const { prefix } = enrichment.source
  return prefix === '' ? undefined : slim(decision, enrichment, { type: 'source', id: prefix })
}

/** How the client names itself: by its TLS handshake, else by its user agent; empty where it says nothing. */
export function clientIdOf({ decision, enrichment }: EnrichedDecision): string {
  const { family, major, os } = enrichment.user_agent
  return decision.context?.tls_fingerprint ?? (family === '' ? '' : `agent:${family}/${major}/${os}`)
}

/** Whether something of today has not been told of the subject; from now on it has. */
function news({ told }: Telling, { permitted, at_ms }: EnrichedDecision, what: number): boolean {
  if (!permitted || what === 0 || !newDay(told, what, at_ms)) return false
  told.add(what, dayOf(at_ms), HALF_LIFE_MS)
  return true
}

function newDay(values: Slots, key: number, atMs: number): boolean {
  const index = values.find(key)
  return index === -1 || dayOf(atMs) > values.lastMs(index)
}

/** The day's first instant: a table of equal instants packs into fewer bytes. */
function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS
}

function devicesOf({ devices }: Telling, { device, at_ms }: EnrichedDecision) {
  let own_devices = 0
  let passing_devices = 0
  for (let index = 0; index < devices.capacity; index++) {
    const key = devices.key(index)
    if (key === 0 || key === device) continue
    if (devices.weight(index, at_ms, HALF_LIFE_MS) >= OWN) own_devices += 1
    else passing_devices += 1
  }
  return { own_devices, passing_devices }
}

function slim(decision: Decision, enrichment: Enrichment, entity: Entity): Activity {
  const { source } = enrichment
  return {
    schema_version: 1,
    tenant: decision.tenant,
    origin: decision.origin,
    entity,
    decision_id: decision.id,
    decided_at: decision.decided_at,
    outcome: decision.outcome,
    caused_by: decision.caused_by,
    reasons: decision.reasons ?? [],
    subject: subjectEntityId(decision.subject),
    session_id: decision.subject.session_id,
    action: decision.action.name,
    resource_type: decision.resource.type,
    resource_id: decision.resource.id,
    app: decision.resource.app ?? '',
    sensitivity: enrichment.resource.sensitivity,
    ip: decision.context?.ip ?? '',
    asn: source.asn,
    country: source.country,
    network_kind: source.network_kind,
    user_agent_family: enrichment.user_agent.family,
  }
}
