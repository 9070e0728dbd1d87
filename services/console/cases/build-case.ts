import { z } from 'zod'
import { CaseFile, type CaseDecision } from '../../../schemas/case-file.ts'
import { sealCase } from '../../../schemas/case-seal.ts'
import type { Checkpoint, CheckpointKey } from '../../../schemas/checkpoint.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Store } from '../store/store.ts'
import { collectDecisions, countActivity, type StoredDecision } from './collect/decisions.ts'
import { collectFindings } from './collect/findings.ts'
import { collectPlaces, collectRevisions, collectRisk, collectVerdicts } from './collect/history.ts'
import { collectStories } from './collect/stories.ts'
import { HOW } from './proof/how.ts'
import { makeProof, type Proof } from './proof/make-proof.ts'
import type { CaseQuestion } from './case-scope.ts'
import { scopeOf } from './scope.ts'
import { suppressionsOf } from './suppressions.ts'

/** A case's bounds: about 60 MB of text at the most. */
const CaseLimits = z.object({
  /** Decisions of a case at most. */
  decisions: z.int().min(1).max(5000).default(1000),
  /** Links of its proofs at most. */
  links: z.int().min(1).max(100_000).default(50_000),
})
const MOST_STRETCHES = 1000

export interface CaseSources {
  readonly store: Store
  readonly eventLog: EventLog
  /** Every signed checkpoint that is known, of files and of the log. */
  readonly checkpoints: () => AsyncIterable<Checkpoint>
  readonly key: CheckpointKey
  readonly now_ms: number
  readonly limits?: z.input<typeof CaseLimits>
  readonly progress?: (done: number, all: number) => void
}

/** Collects, proves and seals a case. Null: nobody knows what it is about. */
export async function buildCase(sources: CaseSources, question: CaseQuestion): Promise<CaseFile | null> {
  const { store, eventLog, progress = () => {} } = sources
  const limits = CaseLimits.parse(sources.limits ?? {})
  const scope = await scopeOf(store, question)
  if (scope === null) return null
  const findings = await collectFindings(store, scope)
  const contributing = new Set([...scope.decision_ids, ...findings.rows.flatMap((one) => one.decision_ids)])
  const stories = await collectStories(
    store,
    scope.tenant,
    findings.rows.map(({ id }) => id),
    scope.story_ids,
  )
  const decisions = await collectDecisions(store, scope, [...contributing], limits.decisions)
  const proof = await makeProof({
    store,
    checkpoints: sources.checkpoints(),
    decisions: decisions.rows,
    contributing,
    most_links: limits.links,
    most_stretches: MOST_STRETCHES,
    progress,
  })
  const risk = await collectRisk(store, scope)
  const body: Omit<CaseFile, 'seal'> = {
    schema_version: 1,
    type: 'gatewatch.case',
    created_at: iso(sources.now_ms),
    tenant: scope.tenant,
    about: scope.about,
    title: scope.title,
    from: iso(scope.from),
    to: iso(scope.to),
    entities: [...scope.entities],
    activity: await countActivity(store, scope),
    decisions: { left_out: decisions.left_out, rows: withProof(decisions.rows, proof, findings.rows) },
    findings: { left_out: findings.left_out, rows: [...findings.rows] },
    stories: { left_out: 0, rows: stories },
    risk: list(risk),
    verdicts: list(
      await collectVerdicts(
        store,
        scope,
        stories.map(({ id }) => id),
      ),
    ),
    suppressed: { left_out: 0, rows: suppressionsOf(findings.rows, risk.rows) },
    policy_revisions: list(await collectRevisions(store, eventLog, scope)),
    places: list(await collectPlaces(store, scope)),
    proof: { how: HOW, stretches: [...proof.stretches] },
  }
  // In the order of the schema, as a reader has it too: the page of a case is drawn from either.
  return CaseFile.parse({ ...body, seal: sealCase(body, sources.key) })
}

function withProof(
  rows: readonly StoredDecision[],
  proof: Proof,
  findings: readonly Finding[],
): CaseDecision[] {
  return rows.map(({ decision, enrichment, scores }, n) => ({
    decision,
    link: proof.decisions[n]?.link ?? null,
    enrichment,
    scores,
    finding_ids: findings.filter((one) => one.decision_ids.includes(decision.id)).map(({ id }) => id),
    unproven: proof.decisions[n]?.unproven ?? null,
  }))
}

function list<T>({ left_out, rows }: { left_out: number; rows: readonly T[] }): {
  left_out: number
  rows: T[]
} {
  return { left_out, rows: [...rows] }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
