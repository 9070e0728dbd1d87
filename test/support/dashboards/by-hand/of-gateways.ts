import type { ScoredDecision } from '../../../../schemas/scored-decision.ts'
import { countedOverTime } from './of-company.ts'
import { deviceOf } from './of-subject.ts'
import {
  byTime,
  different,
  first,
  grouped,
  inRange,
  isPerson,
  last,
  live,
  people,
  permitted,
  reasons,
  refused,
  revision,
  shareOf,
  stepOf,
  told,
  twelve,
  who,
  type Asked,
  type ByHand,
  type Row,
} from './tally.ts'

/** Bounds that a quantile of these is between, whichever way it is interpolated. */
export interface Between {
  readonly least: number
  readonly most: number
}
export function quantile(values: readonly number[], q: number): Between {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = q * (sorted.length - 1)
  // A digest may be one rank off, and of many values some percent.
  const at = (index: number) => sorted[Math.min(Math.max(index, 0), sorted.length - 1)] ?? 0
  const slack = 1 + Math.floor(sorted.length / 50)
  return { least: at(Math.floor(rank) - slack), most: at(Math.ceil(rank) + slack) }
}

const ours = (asked: Asked) => inRange(asked).filter(live)
const pep = ({ decision }: ScoredDecision) => decision.pep?.id ?? ''
const seq = ({ decision }: ScoredDecision) => decision.pep?.seq ?? -1
const riskAge = ({ decision }: ScoredDecision) => decision.risk_at_decision?.age_ms
const latencies = (rows: readonly ScoredDecision[]) =>
  rows.flatMap(({ decision }) => decision.latency_us ?? [])
const tier = ({ decision }: ScoredDecision) => decision.device?.tier ?? 'none'
const posture = ({ decision }: ScoredDecision) => decision.device?.posture
const used = (asked: Asked) => ours(asked).filter((each) => deviceOf(each) !== '')

/** Gateways number what they decide for whomever. */
const boots = (asked: Asked): Row[] =>
  grouped(
    inRange({ ...asked, decisions: asked.ofAll }),
    (each) => ({ gateway: pep(each), boot: each.decision.pep?.boot_id }),
    (all) => {
      const [from_number, to_number] = [Math.min(...all.map(seq)), Math.max(...all.map(seq))]
      const missing = to_number - from_number + 1 - all.length
      return { first: first(all), last: last(all), from_number, to_number, stored: all.length, missing }
    },
  )
const sum = (asked: Asked, ...columns: string[]) =>
  boots(asked).reduce((total, row) => columns.reduce((part, column) => part + Number(row[column]), total), 0)

export const ofGateways: ByHand = {
  'gatewatch-gateways: Gateways': (asked) => [{ gateways: different(ours(asked).map(pep)) }],
  'gatewatch-gateways: Versions': (asked) => [
    { versions: told(ours(asked).map(({ decision }) => decision.pep?.version)) },
  ],
  'gatewatch-gateways: Devices': (asked) => [{ devices: told(used(asked).map(deviceOf)) }],
  'gatewatch-gateways: Without a managed device': (asked) => {
    const letIn = ours(asked).filter(permitted)
    return [
      {
        share: shareOf(
          letIn.filter(({ decision }) => decision.device?.managed !== true),
          letIn,
        ),
      },
    ]
  },
  'gatewatch-gateways: Decided on stale risk': (asked) => [
    {
      decisions: ours(asked).filter(
        (each) => reasons(each).includes('risk_stale') || (riskAge(each) ?? 0) > 60_000,
      ).length,
    },
  ],
  'gatewatch-gateways: Decisions a second by gateway': (asked) =>
    grouped(
      ours(asked),
      (each) => ({ ...stepOf(asked)(each), gateway: pep(each) }),
      (all) => ({ decisions: all.length / asked.interval_s }),
    ),
  'gatewatch-gateways: Age of risk at the decision': (asked) =>
    grouped(
      ours(asked).filter((each) => riskAge(each) !== undefined),
      (each) => ({ ...stepOf(asked)(each), gateway: pep(each) }),
      (all) => ({
        p99: quantile(
          all.map((each) => riskAge(each) ?? 0),
          0.99,
        ),
      }),
    ),
  'gatewatch-gateways: Decisions by device tier': (asked) =>
    countedOverTime(asked, ours(asked), (each) => ({ tier: tier(each) }), 'decisions'),
  'gatewatch-gateways: Gateway by gateway': (asked) =>
    grouped(
      ours(asked),
      (each) => ({ gateway: pep(each), kind: each.decision.pep?.kind }),
      (all) => {
        const newest = byTime(all).at(-1) ?? all[0]
        const { least, most } = quantile(latencies(all), 0.99)
        return {
          version: newest.decision.pep?.version,
          boots: different(all.map(({ decision }) => decision.pep?.boot_id)),
          policy_revision: twelve(revision(newest)),
          decisions: all.length,
          refused: all.filter(refused).length,
          p99_ms: { least: least / 1000 - 0.01, most: most / 1000 + 0.01 },
          last_decision: last(all),
        }
      },
    ),
  'gatewatch-gateways: Gateways and their boots': boots,
  'gatewatch-gateways: Posture': (asked) =>
    grouped(
      ours(asked),
      (each) => ({ posture: posture(each) ?? 'unknown', tier: tier(each) }),
      (all) => ({
        devices_used: told(all.map(deviceOf)),
        decided: all.length,
        let_in: all.filter(permitted).length,
      }),
    ),
  'gatewatch-gateways: Devices whose posture changed': (asked) =>
    grouped(
      used(asked).filter((each) => posture(each) !== undefined),
      (each) => ({ device: deviceOf(each) }),
      (all) => ({
        before: posture(byTime(all)[0] ?? all[0]),
        now: posture(byTime(all).at(-1) ?? all[0]),
        last_seen: last(all),
        postures: different(all.map(posture)),
      }),
    ).flatMap(({ postures, ...row }) => (Number(postures) > 1 ? [row] : [])),
  'gatewatch-gateways: Devices of several people': (asked) =>
    grouped(
      used(asked).filter(isPerson),
      (each) => ({ device: deviceOf(each) }),
      (all) => ({
        subjects: people(all),
        names: [...new Set(all.map(who))].sort().slice(0, 10),
        decisions: all.length,
        last_seen: last(all),
      }),
    ).flatMap(({ names, ...row }) =>
      Array.isArray(names) && names.length > 1 ? names.map((subject: unknown) => ({ ...row, subject })) : [],
    ),
  'gatewatch-completeness: Numbered': (asked) => [{ decisions: sum(asked, 'stored', 'missing') }],
  'gatewatch-completeness: Stored': (asked) => [{ decisions: sum(asked, 'stored') }],
  'gatewatch-completeness: Missing': (asked) => [{ missing: sum(asked, 'missing') }],
  'gatewatch-completeness: Gateways and their boots': boots,
  'gatewatch-pipeline: Time to decide': (asked) =>
    grouped(
      ours(asked).filter(({ decision }) => decision.latency_us !== undefined),
      stepOf(asked),
      (all) => ({ p50: quantile(latencies(all), 0.5), p99: quantile(latencies(all), 0.99) }),
    ),
  'gatewatch-detectors: Suppression': (asked) =>
    grouped(
      inRange(asked)
        .flatMap(({ scores }) => Object.entries(scores))
        .filter(([key]) => key.includes('.gate.')),
      ([key]) => ({ detector: key.split('.gate.')[0], gate: key.split('.gate.')[1] }),
      (all) => ({
        decisions: all.length,
        factor: quantile(
          all.map(([, factor]) => factor),
          0.5,
        ),
      }),
    ),
  'gatewatch-detectors: Scores of all decisions': (asked) =>
    grouped(
      inRange(asked)
        .flatMap(({ scores }) => Object.entries(scores))
        .filter(([key]) => !key.includes('.')),
      ([detector]) => ({ detector }),
      (all) => {
        const scores = all.map(([, score]) => score)
        return {
          scored: all.length,
          median: quantile(scores, 0.5),
          p99: quantile(scores, 0.99),
          highest: Math.max(...scores),
        }
      },
    ),
}
