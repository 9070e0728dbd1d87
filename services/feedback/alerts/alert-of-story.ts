import type { RiskLevel } from '../../../schemas/bounds.ts'
import type { Alert } from '../../../schemas/alert.ts'
import { entityKey } from '../../../schemas/entity.ts'
import type { Story } from '../../../schemas/story.ts'
import { BREAK_GLASS_DETECTOR } from '../usage/break-glass.ts'
import { isHigher } from '../ledger/level.ts'
import { isOver } from '../stories/close.ts'

export interface PageRule {
  /** Stories from this level on page a person. */
  readonly level: RiskLevel
  /** Whether imported history pages too. */
  readonly act_on_import: boolean
}

/** Whoever finds these alerts of them as well, at the same time: verify, and so without the ledger too. */
const ALERTED_AT_ONCE: ReadonlySet<string> = new Set(['decision-gap', 'decision-integrity'])

const SEVERITY = { LOW: 'info', MEDIUM: 'warning', HIGH: 'critical' } as const

/**
 * What receivers should know of a story: one alert a story. It is created when
 * the story reaches the level that pages, updated when its level or what the
 * gateway does rises (and at each use of a break-glass account), and resolved
 * when the story closes or becomes part of another. Returns `before` itself
 * when there is nothing to tell.
 */
export function alertOfStory(
  story: Story,
  before: Alert | undefined,
  rule: PageRule,
  nowMs: number,
): Alert | undefined {
  const over = story.state !== 'open'
  if (before === undefined) {
    if (over || isHigher(rule.level, story.risk_level)) return undefined
    if (story.origin === 'import' && !rule.act_on_import) return undefined
    if (story.detectors.every((detector) => ALERTED_AT_ONCE.has(detector))) return undefined
    return written(story, 1, 'firing', nowMs)
  }
  if (over)
    return before.state === 'resolved' ? before : written(story, before.revision + 1, 'resolved', nowMs)
  const risen =
    isHigher(story.risk_level, before.risk_level) ||
    (story.response === 'revoke' && before.response !== 'revoke') ||
    (story.detectors.includes(BREAK_GLASS_DETECTOR) && story.findings_total > before.findings_total) ||
    before.state === 'resolved'
  return risen ? written(story, before.revision + 1, 'firing', nowMs) : before
}

const ADVICE = {
  none: 'Nothing was restricted. Look at the story and judge it.',
  raise_risk:
    'The gateway asks for stronger sign-in or refuses, as the policy says. Look at the story and judge it.',
  revoke: 'The gateway ends the sessions. Reset the credentials, then judge the story.',
} as const

function written(story: Story, revision: number, state: Alert['state'], nowMs: number): Alert {
  const suspects = (story.suspects ?? []).map((entity) => entityKey('', entity).slice(1))
  const now = new Date(nowMs).toISOString()
  return {
    schema_version: 1,
    id: `alert-${story.id}`,
    tenant: story.tenant,
    revision,
    kind: story.detectors.includes(BREAK_GLASS_DETECTOR) ? 'break_glass' : 'story',
    state,
    severity: SEVERITY[story.risk_level],
    summary: story.title,
    description: [
      `${count(story.findings_total, 'finding')} of ${story.detectors.join(', ')}`,
      `about ${count(story.entities_total, 'entity', 'entities')}`,
      suspects.length === 0 ? 'nobody is suspect yet' : `suspect: ${suspects.slice(0, 5).join(', ')}`,
    ]
      .join('; ')
      .slice(0, 2000),
    advice: closing(story) ?? ADVICE[story.response],
    story_id: story.id,
    // The entity of the first finding: it never changes, so receivers may group by it.
    entity: story.entities[0] ?? null,
    risk_level: story.risk_level,
    response: story.response,
    causes: story.causes,
    detectors: story.detectors,
    findings_total: story.findings_total,
    entities_total: story.entities_total,
    decision_id: null,
    opened_at: story.opened_at,
    updated_at: now,
    resolved_at: state === 'resolved' ? now : null,
  }
}

function closing(story: Story): string | null {
  if (story.state === 'merged') return `This became part of story ${story.merged_into ?? ''}.`
  if (story.state === 'open') return null
  if (story.verdict === null && isOver(story)) return 'It is over: what it told of has ended by itself.'
  return story.verdict === null ? 'It has been quiet since; nobody judged it.' : `Judged: ${story.verdict}.`
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
