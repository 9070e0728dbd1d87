import {
  accessActivity,
  accessDecisions,
  policyEffects,
  ruleMatches,
  scoringPolicyState,
  scoringRuleState,
  scoringSourceState,
  scoringState,
  type LogTopic,
} from '../../../schemas/topics.ts'
import type { OutRecord } from '../../runtime/log/event-log.ts'

/** A stage whose state snapshots are taken of, by its name in snapshots. */
export interface SnapshotStage {
  readonly name: string
  readonly input: LogTopic
  /** Its changelog. */
  readonly state: LogTopic
}

export const SNAPSHOT_STAGES: readonly SnapshotStage[] = [
  { name: 'subject', input: accessDecisions, state: scoringState },
  { name: 'source', input: accessActivity, state: scoringSourceState },
  { name: 'policy', input: policyEffects, state: scoringPolicyState },
  { name: 'rule', input: ruleMatches, state: scoringRuleState },
]

/** Header of the last change of a batch: the offset of the stage's input from which on nothing is in the state yet. */
export const INPUT_OFFSET = 'input_offset'

/** Changes of a batch, of which the last says how far into the input they go. */
export function endingAt(changes: readonly OutRecord[], inputOffset: number): readonly OutRecord[] {
  const last = changes.at(-1)
  if (last === undefined) return changes
  const headers = { ...last.headers, [INPUT_OFFSET]: String(inputOffset) }
  return [...changes.slice(0, -1), { ...last, headers }]
}

/** Of the control record that lists a partition's snapshots. */
export function snapshotsName(stage: string, partition: number): string {
  return `snapshots/${stage}/${partition}`
}

/** Of an entity's state in the base, what all snapshots rest on. */
export function baseKey(stage: string, key: string): string {
  return `base/${stage}/${key}`
}

/** Of what a slot of time changed. */
export function changeKey(stage: string, slot: number, key: string): string {
  return `change/${stage}/${slot}/${key}`
}

export type SnapshotKey =
  | { readonly kind: 'base'; readonly stage: string; readonly key: string }
  | { readonly kind: 'change'; readonly stage: string; readonly slot: number; readonly key: string }

export function readSnapshotKey(text: string): SnapshotKey | undefined {
  const [kind, stage = '', slot = ''] = text.split('/', 3)
  if (kind === 'base') return { kind, stage, key: text.slice(`base/${stage}/`.length) }
  if (kind !== 'change') return undefined
  return { kind, stage, slot: Number(slot), key: text.slice(`change/${stage}/${slot}/`.length) }
}
