import { decisionKey, parseDecision, type Decision, type DecisionInput } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { ScoredDecision } from '../../../schemas/scored-decision.ts'
import { accessDecisions, accessScored, type LogTopic } from '../../../schemas/topics.ts'
import type { LogRecord, OutRecord, PartitionRecords } from '../../../services/runtime/log/event-log.ts'
import { enricher, type Enrich } from '../../../services/scoring/enrich/enrich.ts'
import { knownNetworks, type KnownNetwork } from '../../../services/scoring/enrich/networks-file.ts'
import { parseNetwork } from '../../../services/scoring/lists/network.ts'
import { NetworkSetBuilder } from '../../../services/scoring/lists/network-set.ts'
import { replay } from '../../../services/scoring/replay.ts'
import { policyStage, sourceStage, subjectStage } from '../../../services/scoring/worker.ts'

/** Where every story begins, so that expectations can name instants. */
const EPOCH = Date.parse('2026-01-01T00:00:00.000Z')
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

/** One person's part of a story. */
export interface Part {
  readonly who: string
  /** After the beginning, in ms. Default 0. */
  readonly fromMs?: number
  readonly everyMs?: number
  /** Default 1. */
  readonly times?: number
  readonly each?: (index: number) => Partial<DecisionInput>
}

/** Test networks with places, as an operator would write them down. */
export const TEST_NETWORKS = {
  berlin: network('192.0.2.0/26', 'Berlin', 'DE', 52.52, 13.405, 64500, 'Example Access'),
  office: {
    ...network('192.0.2.64/26', 'Berlin', 'DE', 52.52, 13.405, 64501, 'Example Office'),
    shared: true,
  },
  newYork: network('198.51.100.0/25', 'New York', 'US', 40.7128, -74.006, 64502, 'Example Cable'),
  cloud: {
    ...network('198.51.100.128/25', 'Ashburn', 'US', 39.04, -77.49, 64503, 'Example Hosting'),
    network_kind: 'hosting' as const,
  },
  tokyo: network('203.0.113.0/25', 'Tokyo', 'JP', 35.68, 139.69, 64504, 'Example Fibre'),
  london: network('203.0.113.128/25', 'London', 'GB', 51.507, -0.128, 64505, 'Example Broadband'),
} satisfies Record<string, KnownNetwork>

export const BERLIN_IP = '192.0.2.10'
export const OFFICE_IP = '192.0.2.70'
export const NEW_YORK_IP = '198.51.100.10'
export const CLOUD_IP = '198.51.100.200'
export const TOKYO_IP = '203.0.113.10'
export const LONDON_IP = '203.0.113.200'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
export const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/** Enrichment from the test networks alone: no table is opened. `listed`: networks of a list of known-bad ones. */
export function testEnrich(
  networks: readonly KnownNetwork[] = Object.values(TEST_NETWORKS),
  listed: readonly string[] = [],
): Enrich {
  const builder = new NetworkSetBuilder()
  for (const cidr of listed) {
    const network = parseNetwork(cidr)
    if (network === null) throw new Error(`${cidr} is no network`)
    builder.add(network)
  }
  const set = builder.build()
  return enricher({
    knownBad: {
      revision: 0,
      listsOf: ({ version, high }) =>
        version === 4 && set.hasIpv4(high) ? { exits: '2026-01-01T00:00:00.000Z sha256:0' } : undefined,
    },
    placeOf: () => ({ city: '', region: '', country: '', latitude: null, longitude: null, accuracy_km: 0 }),
    autonomousSystemOf: () => ({ asn: 0, as_org: '' }),
    knownNetworkOf: knownNetworks(networks),
  })
}

/** A decision of a story; `over` overrides any field of the event. */
export function decisionOf(who: string, atMs: number, over: Partial<DecisionInput> = {}): Decision {
  const parsed = parseDecision({
    schema_version: 1,
    id: `${who}-${atMs}`,
    decided_at: new Date(EPOCH + atMs).toISOString(),
    outcome: 'permit',
    subject: { type: 'user', id: who },
    action: { name: 'read' },
    resource: { type: 'http', id: '/', app: 'wiki', path_template: '/' },
    context: { ip: BERLIN_IP, user_agent: FIREFOX },
    ...over,
  })
  if (!parsed.success) throw parsed.error
  return parsed.data
}

/** The decisions of all parts, in event time. */
export function story(...parts: readonly Part[]): Decision[] {
  return parts
    .flatMap(({ who, fromMs = 0, everyMs = 1000, times = 1, each }) =>
      Array.from({ length: times }, (_, index) => decisionOf(who, fromMs + index * everyMs, each?.(index))),
    )
    .sort((a, b) => a.decided_at.localeCompare(b.decided_at))
}

export interface Played {
  readonly findings: readonly Finding[]
  readonly scored: readonly ScoredDecision[]
}

/**
 * Plays decisions, in the order given, through the production pipeline: all
 * stages, encoded state, no log, no clock. `batch` decisions are handled
 * together, which must not matter.
 */
export function play(decisions: readonly Decision[], { batch = 50, enrich = testEnrich() } = {}): Played {
  const first = replay(
    subjectStage(enrich),
    partsOf(
      accessDecisions,
      decisions.map((each) => ({ key: decisionKey(each), value: JSON.stringify(each) })),
      batch,
    ),
  )
  const of = (topic: OutRecord['topic']) => first.outputs.filter((record) => record.topic === topic)
  const later = [sourceStage(), policyStage()].flatMap((stage) => {
    const input = of(stage.input).map(({ key, value }) => ({ key, value: String(value) }))
    return replay(stage, partsOf(stage.input, input, batch)).findings
  })
  return {
    findings: [...first.findings, ...later],
    scored: of(accessScored).map(({ value }) =>
      accessScored.schema.parse(JSON.parse(Buffer.from(value ?? '').toString())),
    ),
  }
}

/** Values as records of one partition, in batches. The log takes an event a year after the stories: never a future one. */
export function partsOf(
  topic: LogTopic,
  values: readonly { readonly key: string; readonly value: string }[],
  batch: number,
): PartitionRecords[] {
  const parts: PartitionRecords[] = []
  for (let first = 0; first < values.length; first += batch) {
    const records: LogRecord[] = values.slice(first, first + batch).map(({ key, value }, index) => ({
      offset: first + index,
      key,
      value: new TextEncoder().encode(value),
      headers: {},
      appended_ms: EPOCH + 366 * DAY,
    }))
    parts.push({ topic, partition: 0, records, first_offset: first, last_offset: first + records.length - 1 })
  }
  return parts
}

function network(
  cidr: string,
  city: string,
  country: string,
  latitude: number,
  longitude: number,
  asn: number,
  as_org: string,
): KnownNetwork {
  return {
    cidr,
    city,
    region: '',
    country,
    latitude,
    longitude,
    accuracy_km: 10,
    asn,
    as_org,
    network_kind: 'access',
    shared: false,
  }
}
