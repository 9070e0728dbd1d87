import type { Decision } from '../../../schemas/decision.ts'
import type { Detector, EnrichedDecision } from '../detector.ts'
import { layout, records, u32, type StateOf } from '../state/form/layout.ts'
import { secondOf } from '../state/second-of.ts'

export interface PostureFallOptions {
  readonly forgetMs: number
  readonly newsMs: number
}

/**
 * Posture fall: a device that was in order is not any more, and its user goes
 * on to something sensitive.
 *
 * Catches defences that are switched off before data is taken, and a device id
 * that is copied to a device which nobody manages. Misses devices that were
 * never in order, requests that name no device, and what is of low sensitivity.
 * Whether such a device may come in at all is the policy's business.
 *
 * False positives: an update that is due, or an inventory that loses its
 * connection; both raise at most MEDIUM. After three days the fallen state is
 * how the device is.
 *
 *     score = s (2 [compliant before, not now] + 1 [compliant before, unknown now]
 *               + 2 [managed before, not now] + 1 [another system])
 *     s = 2 for resources of high sensitivity, 1 for medium, 0 for low
 *
 * Before means: within a week, in the last state that was better.
 *
 * Cost: O(3), at most 150 bytes a subject.
 *
 * @see MITRE ATT&CK T1562.001, Impair Defenses: Disable or Modify Tools; NIST SP 800-207, section 3.3.
 * @example a compliant device that is not compliant now, on a resource of high sensitivity: 4.
 */
export function postureFall({
  forgetMs = 7 * DAY_MS,
  newsMs = 3 * DAY_MS,
}: Partial<PostureFallOptions> = {}): Detector<EnrichedDecision, PostureState> {
  const before = (state: Readonly<PostureState>, input: EnrichedDecision) => {
    const known = find(state.devices, input.device)
    if (known === undefined) return undefined
    const at = secondOf(input)
    const news = known.fell_s === 0 || (at - known.fell_s) * 1000 < newsMs
    return news && (at - known.well_s) * 1000 < forgetMs ? known : undefined
  }
  return {
    id: 'posture-fall',
    version: 1,
    entity: 'subject',
    technique: 'T1562.001',
    thresholds: { medium: 4, high: 6 },
    layout: postureLayout,
    score(state, input) {
      const known = input.permitted ? before(state, input) : undefined
      if (known === undefined) return 0
      const { sensitivity } = input.enrichment.resource
      if (sensitivity === 'low') return 0
      return fall(known, input) * (sensitivity === 'high' ? 2 : 1)
    },
    learn(state, input) {
      if (input.device === 0 || !input.permitted) return
      const known = find(state.devices, input.device)
      const at = secondOf(input)
      if (known === undefined) {
        const place = state.devices.reduce((least, each) => (each.well_s < least.well_s ? each : least))
        Object.assign(place, { device: input.device, ...conditionOf(input), well_s: at, fell_s: 0 })
        return
      }
      if (fall(known, input) === 0 || before(state, input) === undefined) {
        Object.assign(known, { ...conditionOf(input), well_s: Math.max(known.well_s, at), fell_s: 0 })
      } else if (known.fell_s === 0) {
        known.fell_s = at
      }
    },
    explain(state, input) {
      const known = find(state.devices, input.device)
      const { device } = input.decision
      const hours = known === undefined ? 0 : Math.round((secondOf(input) - known.well_s) / 360) / 10
      return {
        cause: 'device',
        evidence: {
          device: device?.id ?? null,
          posture: device?.posture ?? 'unknown',
          posture_before: known?.posture === COMPLIANT ? 'compliant' : 'other',
          managed: device?.managed ?? null,
          managed_before: known?.managed === 1,
          other_system: known !== undefined && known.os !== 0 && input.os !== 0 && known.os !== input.os,
          hours_since_in_order: Math.max(0, hours),
          resource: input.decision.resource.id.slice(0, 256),
          sensitivity: input.enrichment.resource.sensitivity,
        },
        gates: [],
        summary:
          `Device ${device?.id ?? 'unknown'} was in order ${hours < 1 ? 'less than an hour' : `${hours} hours`} ago and is not now; ` +
          `it was used for something of ${input.enrichment.resource.sensitivity} sensitivity.`.slice(0, 512),
      }
    },
  }
}

const DAY_MS = 86_400_000
const UNKNOWN = 0
const NOT_COMPLIANT = 1
const COMPLIANT = 2
const one = { device: u32, posture: u32, managed: u32, os: u32, well_s: u32, fell_s: u32 }
const fields = { devices: records(3, one) }
const postureLayout = layout(fields)
type Known = StateOf<typeof one>
type PostureState = StateOf<typeof fields>

function find(devices: readonly Known[], device: number): Known | undefined {
  if (device === 0) return undefined
  for (const each of devices) if (each.device === device) return each
  return undefined
}

/** How much worse the device is than it was. */
function fall(known: Readonly<Known>, input: EnrichedDecision): number {
  const { device } = input.decision
  const posture = postureOf(device)
  return (
    (known.posture === COMPLIANT ? (posture === NOT_COMPLIANT ? 2 : posture === UNKNOWN ? 1 : 0) : 0) +
    (known.managed === 1 && device?.managed === false ? 2 : 0) +
    (known.os !== 0 && input.os !== 0 && known.os !== input.os ? 1 : 0)
  )
}

function conditionOf(input: EnrichedDecision): Pick<Known, 'posture' | 'managed' | 'os'> {
  const { device } = input.decision
  return { posture: postureOf(device), managed: device?.managed === true ? 1 : 0, os: input.os }
}

function postureOf(device: Decision['device']): number {
  return device?.posture === 'compliant'
    ? COMPLIANT
    : device?.posture === 'not_compliant'
      ? NOT_COMPLIANT
      : UNKNOWN
}
