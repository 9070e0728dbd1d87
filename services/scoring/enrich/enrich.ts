import type { Decision } from '../../../schemas/decision.ts'
import type { Enrichment } from '../../../schemas/scored-decision.ts'
import { parseAddress, type Address } from './address.ts'
import { openAutonomousSystems, type AutonomousSystemOf } from './asn.ts'
import { NOWHERE, openCity, type PlaceOf } from './city.ts'
import type { KnownBad } from '../lists/open-lists.ts'
import { Lru } from './lru.ts'
import { networkKindOf } from './network-kind.ts'
import type { KnownNetworkOf } from './networks-file.ts'
import { sensitivityOf, type SensitivityRule } from './sensitivity.ts'
import { NO_USER_AGENT, parseUserAgent, type UserAgent } from './user-agent.ts'

/** Looks facts up for a decision; the same objects again for the same address and user agent. */
export type Enrich = (decision: Decision) => Enrichment

export interface Lookups {
  readonly placeOf: PlaceOf
  readonly autonomousSystemOf: AutonomousSystemOf
  readonly knownNetworkOf?: KnownNetworkOf | undefined
  readonly sensitivityRules?: readonly SensitivityRule[]
  readonly knownBad?: KnownBad | undefined
}

const ADDRESSES = 65_536
const USER_AGENTS = 8_192

const NO_SOURCE: Enrichment['source'] = {
  prefix: '',
  ...NOWHERE,
  asn: 0,
  as_org: '',
  network_kind: 'unknown',
}

/** Opens the tables that ship with the package. */
export async function openLookups(): Promise<Pick<Lookups, 'placeOf' | 'autonomousSystemOf'>> {
  const [placeOf, autonomousSystemOf] = await Promise.all([openCity(), openAutonomousSystems()])
  return { placeOf, autonomousSystemOf }
}

/** An uncached address costs 10 µs and an uncached user agent 30, so answers are kept, bounded. */
export function enricher(lookups: Lookups): Enrich {
  let sources = new Lru<string, Enrichment['source']>(ADDRESSES)
  const agents = new Lru<string, UserAgent>(USER_AGENTS)
  const rules = lookups.sensitivityRules ?? []
  const { knownBad } = lookups
  let revision = knownBad?.revision
  return ({ context, resource }) => {
    const ip = context?.ip
    if (revision !== knownBad?.revision) {
      revision = knownBad?.revision
      sources = new Lru(ADDRESSES)
    }
    let source: Enrichment['source'] | undefined = NO_SOURCE
    if (ip !== undefined) {
      source = sources.get(ip)
      if (source === undefined) sources.set(ip, (source = sourceOf(ip, lookups)))
    }
    const text = context?.user_agent
    let user_agent: UserAgent | undefined = NO_USER_AGENT
    if (text !== undefined) {
      user_agent = agents.get(text)
      if (user_agent === undefined) agents.set(text, (user_agent = parseUserAgent(text)))
    }
    return { source, user_agent, resource: { sensitivity: sensitivityOf(resource, rules) } }
  }
}

function sourceOf(ip: string, lookups: Lookups): Enrichment['source'] {
  const address = parseAddress(ip)
  if (address === null) return NO_SOURCE
  const lists = lookups.knownBad?.listsOf(address)
  const place = placeOfSource(address, lookups)
  return lists === undefined ? place : { ...place, lists }
}

function placeOfSource(address: Address, lookups: Lookups): Enrichment['source'] {
  const known = lookups.knownNetworkOf?.(address)
  if (known !== undefined) {
    const { cidr: _cidr, shared, ...facts } = known
    const kind = shared && facts.network_kind === 'access' ? 'corporate' : facts.network_kind
    const placed = facts.latitude !== null && facts.longitude !== null
    return {
      prefix: address.prefix,
      ...facts,
      ...(placed ? {} : { latitude: null, longitude: null, accuracy_km: 0 }),
      network_kind: kind,
    }
  }
  if (address.reserved) return { ...NO_SOURCE, prefix: address.prefix, network_kind: 'private' }
  const { asn, as_org } = lookups.autonomousSystemOf(address)
  return {
    prefix: address.prefix,
    ...lookups.placeOf(address),
    asn,
    as_org,
    network_kind: networkKindOf(asn, as_org),
  }
}
