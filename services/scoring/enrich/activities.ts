import type { Activity } from '../../../schemas/activity.ts'
import type { Decision } from '../../../schemas/decision.ts'
import { subjectEntityId, type Entity } from '../../../schemas/entity.ts'
import type { Enrichment } from '../../../schemas/scored-decision.ts'
import type { EnrichedDecision } from '../detector.ts'
import { layout, records, u32, type StateOf } from '../state/form/layout.ts'
import { combine } from '../state/hash.ts'
import { slots, type Slots } from '../state/form/slots.ts'
import { provedWithKey } from '../state/habits/strong-proof.ts'

const DAY_MS = 86_400_000
const HALF_LIFE_MS = 45 * DAY_MS
/** Days, decayed, from which on a device is the subject's own. */
const OWN = 1.5
/** How often a day a device that is not the subject's own is told of something sensitive. */
const MOST_ABROAD = 6
const network = { prefix: u32, day: u32 }
const fields = { devices: slots(4), told: slots(2), networks: records(4, network) }
/** What a subject's state keeps so that its slim records are few: the devices it uses, by days, and what was told today. */
export const tellingLayout = layout(fields)
export type Telling = StateOf<typeof fields>

/**
 * The slim records that follow from a decision, for the entities of the second
 * stage. Each costs as much on the log as a small decision does, so one is
 * written only where it tells something:
 *
 * - its network: when proof of identity was refused; and when a subject is let in from it for the first time on a day,
 *   or since such a refusal. So a network is told how many accounts are at home in it, not how much they do there;
 * - its device: when a person is let in with it for the first time on a day, and
 *   for the first time on a day to something of high sensitivity, on a device that is not its own
 *   to each other thing, six times at most;
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
  const tell = (type: Entity['type'], id: string) => {
    const habits = {
      ...devicesOf(telling, facts),
      ...(familiar === undefined ? {} : { familiar }),
      ...(provedWithKey(facts) ? { proved_with_a_key: true as const } : {}),
    }
    activities.push({ ...slim(decision, enrichment, { type, id }), habits })
  }
  const network = networkActivity(decision, enrichment)
  const seldom = network !== undefined && isNetworkNews(telling, facts, teaches)
  if (seldom) activities.push(network)
  if (!teaches || decision.subject.type === 'anonymous') return activities
  if (facts.credential_failure || (seldom && familiar === false)) {
    const client = clientIdOf(facts)
    if (client !== '') tell('client', client)
    const { asn } = enrichment.source
    if (asn !== 0) tell('asn', String(asn))
  }
  const device = decision.device?.id
  if (device === undefined || !facts.permitted || decision.subject.type !== 'user') return activities
  const sensitive = enrichment.resource.sensitivity === 'high' && isSensitiveNews(telling, facts)
  const today = newDay(telling.devices, facts.device, facts.at_ms)
  if (!today && !sensitive) return activities
  tell('device', device)
  if (today) telling.devices.add(facts.device, dayOf(facts.at_ms), HALF_LIFE_MS)
  return activities
}

/** The slim record for the network that a decision came from; undefined where it names none, and of whoever may come in without a name. */
export function networkActivity(decision: Decision, enrichment: Enrichment): Activity | undefined {
  const { prefix } = enrichment.source
  const nobody = decision.subject.type === 'anonymous' && decision.outcome !== 'deny'
  return prefix === '' || nobody ? undefined : slim(decision, enrichment, { type: 'source', id: prefix })
}

/** How the client names itself: by its TLS handshake, else by its user agent; empty where it says nothing. */
function clientIdOf({ decision, enrichment }: EnrichedDecision): string {
  const { family, major, os } = enrichment.user_agent
  return decision.context?.tls_fingerprint ?? (family === '' ? '' : `agent:${family}/${major}/${os}`)
}

/** Whether the decision tells its network something; what comes late is told and not noted, as nothing of it is learnt. */
function isNetworkNews({ networks }: Telling, facts: EnrichedDecision, teaches: boolean): boolean {
  const { permitted, credential_failure, prefix, at_ms } = facts
  if (!permitted && !credential_failure) return false
  if (!teaches || prefix === 0) return true
  const day = Math.floor(at_ms / DAY_MS)
  let place = networks.find((each) => each.prefix === prefix)
  if (credential_failure) {
    if (place !== undefined) place.day = 0
    return true
  }
  if (place !== undefined && day <= place.day) return false
  place ??= networks.reduce((least, each) => (each.day < least.day ? each : least))
  place.prefix = prefix
  place.day = day
  return true
}

/** Whether something sensitive is told of the device today: once of the subject's own, of another one each thing that was not the last. */
function isSensitiveNews(telling: Telling, facts: EnrichedDecision): boolean {
  const { told } = telling
  const { device, object, at_ms } = facts
  const today = !newDay(told, device, at_ms)
  if (!today) told.remove(device)
  if (!isOwn(telling, facts)) {
    const thing = combine(device, object)
    if (!newDay(told, thing, at_ms) || (today && told.raw(told.find(device)) >= MOST_ABROAD)) return false
    // Lighter than what is counted, so that the next thing takes its place.
    told.add(thing, dayOf(at_ms), HALF_LIFE_MS, 0.5)
  } else if (today) return false
  told.add(device, dayOf(at_ms), HALF_LIFE_MS)
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

/** Used on two days or more. */
function isOwn({ devices }: Telling, { device, at_ms }: EnrichedDecision): boolean {
  return devices.weight(devices.find(device), at_ms, HALF_LIFE_MS) >= OWN
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
