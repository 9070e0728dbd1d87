import { hash } from 'node:crypto'
import type { Finding } from '../../../schemas/finding.ts'
import type { Story } from '../../../schemas/story.ts'
import type { Heartbeat } from '../gateway-heartbeats.ts'

/** The `detector.id` of findings that say that a gateway has fallen silent. */
export const GATEWAY_SILENT = 'gateway-silent'

/** Twelve beats that did not come. */
const SILENT_MS = 60_000
/** A machine that starts anew is back by then. */
const LONG_MS = 300_000
/** It has been taken away. */
const GONE_MS = 86_400_000
/** Whoever looks that seldom slept itself, and heard nobody meanwhile. */
const SLEPT_MS = 30_000
const MAX_GATEWAYS = 1000
const ID_PREFIX = 'silent-'

/** How far the silence of a gateway was told: not yet, as MEDIUM, as HIGH. The revision of its finding. */
type Told = 0 | 1 | 2

interface Gateway {
  last: Heartbeat
  /** When the last beat came, by this process's clock: a gateway's own may be wrong. */
  heard_ms: number
  told: Told
  /** Of the finding, while it is told. */
  id: string
  opened_at: string
}

/** Something to tell of a gateway; once it is in the log, `told` is to be called. */
export interface Silence {
  readonly finding: Finding
  told(): void
}

/**
 * Which gateways have fallen silent: a beat comes every five seconds, and one
 * of which none came for a minute has ended, hangs, or is cut off from the log.
 * What it decides meanwhile, if anything, is neither scored nor seen.
 *
 * Silence is no evidence against a person: `evidence_nats` is 0. One that was
 * stopped in order has said so, and one that has no traffic goes on beating.
 * The finding closes with the next beat, and after a day, since the gateway was
 * taken away then. Bounded: a thousand gateways, those heard last.
 *
 * ATT&CK T1562, Impair Defenses: what it is when somebody does it on purpose.
 */
export class SilentGateways {
  readonly #gateways = new Map<string, Gateway>()
  #looked_ms = Infinity

  /** A beat, the newest one of each gateway at first; `key` is its control record's. */
  beat(key: string, heartbeat: Heartbeat, nowMs: number): void {
    const known = this.#gateways.get(key)
    if (known === undefined && nowMs - Date.parse(heartbeat.at) > GONE_MS) return
    this.#gateways.delete(key)
    this.#gateways.set(key, {
      last: heartbeat,
      heard_ms: nowMs,
      told: known?.told ?? 0,
      id: known?.id ?? '',
      opened_at: known?.opened_at ?? '',
    })
    const [oldest] = this.#gateways.keys()
    if (this.#gateways.size > MAX_GATEWAYS && oldest !== undefined) this.#gateways.delete(oldest)
  }

  /** An open story, after a restart: which silence was told of already. */
  restore({
    tenant,
    detectors,
    entities,
    finding_ids,
    closed_finding_ids = [],
    risk_level,
    opened_at,
  }: Story): void {
    if (!detectors.includes(GATEWAY_SILENT)) return
    const id = finding_ids.findLast(
      (each) => each.startsWith(ID_PREFIX) && !closed_finding_ids.includes(each),
    )
    const pep = entities.find(({ type }) => type === 'pep')
    const gateway = pep === undefined ? undefined : this.#gateways.get(`${tenant}/pep/${pep.id}`)
    if (id === undefined || gateway === undefined) return
    Object.assign(gateway, { told: risk_level === 'HIGH' ? 2 : 1, id, opened_at })
  }

  /** What is to be told now; to be asked every few seconds. */
  due(nowMs: number): Silence[] {
    const all: Silence[] = []
    const apartMs = nowMs - this.#looked_ms
    this.#looked_ms = nowMs
    if (apartMs > SLEPT_MS) for (const gateway of this.#gateways.values()) gateway.heard_ms += apartMs
    for (const [key, gateway] of this.#gateways) {
      const { last, told } = gateway
      const silentMs = nowMs - gateway.heard_ms
      if (told > 0 && silentMs < SILENT_MS) {
        all.push(this.#over(gateway, nowMs, `Gateway ${last.pep_id} is heard of again`))
      } else if (silentMs >= GONE_MS) {
        if (told === 0) this.#gateways.delete(key)
        else
          all.push(
            this.#over(
              gateway,
              nowMs,
              `Gateway ${last.pep_id} was silent for a day, and is taken to be gone`,
            ),
          )
      } else if (last.stopping !== true && silentMs >= SILENT_MS && told < (silentMs >= LONG_MS ? 2 : 1)) {
        all.push(this.#silent(gateway, silentMs, nowMs))
      }
    }
    return all
  }

  #silent(gateway: Gateway, silentMs: number, nowMs: number): Silence {
    const { last } = gateway
    const told: Told = silentMs >= LONG_MS ? 2 : 1
    const now = new Date(nowMs).toISOString()
    const id = gateway.told === 0 ? idOf(last) : gateway.id
    const opened_at = gateway.told === 0 ? now : gateway.opened_at
    const seconds = Math.round(silentMs / 1000)
    const summary = `Gateway ${last.pep_id} has been silent for ${seconds} s: it ended without saying so, hangs, or does not reach the log`
    return {
      finding: findingOf(gateway, { id, opened_at, told, revision: told, now, summary, seconds }),
      told: () => void Object.assign(gateway, { told, id, opened_at }),
    }
  }

  #over(gateway: Gateway, nowMs: number, summary: string): Silence {
    const { id, opened_at, told } = gateway
    const now = new Date(nowMs).toISOString()
    const seconds = Math.round((nowMs - Date.parse(opened_at)) / 1000)
    const finding = findingOf(gateway, { id, opened_at, told, revision: 3, now, summary, seconds })
    return {
      finding: { ...finding, closed_at: now },
      told: () => void Object.assign(gateway, { told: 0, id: '', opened_at: '' }),
    }
  }
}

/** Follows from the last beat, so that a repeat after a restart is the same finding. */
function idOf({ tenant, pep_id, boot_id, at }: Heartbeat): string {
  const parts = [GATEWAY_SILENT, 1, tenant, pep_id, boot_id, at]
  return `${ID_PREFIX}${hash('sha256', JSON.stringify(parts), 'hex').slice(0, 24)}`
}

interface Telling {
  readonly id: string
  readonly opened_at: string
  readonly told: Told
  readonly revision: number
  readonly now: string
  readonly summary: string
  readonly seconds: number
}

function findingOf(
  { last }: Gateway,
  { id, opened_at, told, revision, now, summary, seconds }: Telling,
): Finding {
  return {
    schema_version: 1,
    id,
    revision,
    tenant: last.tenant,
    origin: 'live',
    detector: { id: GATEWAY_SILENT, version: 1 },
    cause: 'recording',
    entity: { type: 'pep', id: last.pep_id },
    entities: [],
    score: seconds,
    evidence_nats: 0,
    risk_level: told === 2 ? 'HIGH' : 'MEDIUM',
    observed_at: now,
    first_observed_at: opened_at,
    decision_ids: [],
    decisions_total: 0,
    technique: 'T1562',
    evidence: {
      last_heartbeat_at: last.at,
      boot_id: last.boot_id,
      last_seq: last.seq,
      policy_revision: last.policy_revision,
      silent_seconds: seconds,
      heartbeat_expected_every_seconds: 5,
    },
    gates: [],
    summary: summary.slice(0, 512),
  }
}
