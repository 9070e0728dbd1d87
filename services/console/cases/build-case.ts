import { z } from 'zod'
import { CaseFile, type CaseDecision } from '../../../schemas/case-file.ts'
import { sealCase } from '../../../schemas/case-seal.ts'
import type { Checkpoint, CheckpointKey } from '../../../schemas/checkpoint.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import type { Store } from '../store/store.ts'
import type { Collected } from './collect/collected.ts'
import { collectDecisions, contributingTo, countActivity, type StoredDecision } from './collect/decisions.ts'
import { collectFindings } from './collect/findings.ts'
import { collectPlaces, collectRevisions, collectRisk, collectVerdicts } from './collect/history.ts'
import { collectStories } from './collect/stories.ts'
import { pageOf } from './html/page.ts'
import { decisionsTable } from './html/tables.ts'
import { HOW } from './proof/how.ts'
import { makeProof, type Proof } from './proof/make-proof.ts'
import type { CaseQuestion } from './case-scope.ts'
import { fitting, less, MOST_JSON_BYTES, MOST_PAGE_BYTES, sizeOf, type Size } from './room.ts'
import { scopeOf } from './scope.ts'
import { suppressionsOf } from './suppressions.ts'

const CaseLimits = z.object({
  /** Decisions of a case at most. */
  decisions: z.int().min(1).max(5000).default(1000),
  /** Links of its proofs at most. */
  links: z.int().min(1).max(100_000).default(50_000),
  /** Its page at most. What is not a decision or a proof is bounded by numbers, and takes some 4 MB at worst. */
  page_bytes: z.int().min(1).max(MOST_PAGE_BYTES).default(MOST_PAGE_BYTES),
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
  const stories = await collectStories(
    store,
    scope.tenant,
    findings.rows.map(({ id }) => id),
    scope.story_ids,
  )
  const risk = await collectRisk(store, scope)
  const story_ids = stories.rows.map(({ id }) => id)
  const rest: Omit<CaseFile, 'seal'> = {
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
    decisions: { left_out: 0, rows: [] },
    findings: list(findings),
    stories: list(stories),
    risk: list(risk),
    verdicts: list(await collectVerdicts(store, scope, story_ids)),
    suppressed: { left_out: 0, rows: suppressionsOf(findings.rows, risk.rows) },
    policy_revisions: list(await collectRevisions(store, eventLog, scope)),
    places: list(await collectPlaces(store, scope)),
    proof: { how: HOW, stretches: [] },
  }
  // The same case made twice is the same, so what time it is must not decide what there is room for.
  const bare = {
    ...rest,
    created_at: rest.from,
    seal: sealCase({ ...rest, created_at: rest.from }, sources.key),
  }
  const drawn = sizeOf([bare], pageOf(bare, ''))
  const room = less({ page: limits.page_bytes - SLACK_BYTES, json: MOST_JSON_BYTES }, drawn)
  let left = room
  const decisions = await collectDecisions(store, scope, findings.rows, {
    most: limits.decisions,
    fitting: (rows) => {
      // A decision is worth little without its proof: as much is left for that.
      const half = { page: room.page / 2, json: room.json / 2 }
      const taken = fitting(rows, half, (some) => sizeOfDecisions(some, findings.rows))
      left = less(room, less(half, taken.room))
      return taken.rows
    },
  })
  const proof = await makeProof({
    store,
    checkpoints: sources.checkpoints(),
    decisions: decisions.rows,
    contributing: new Set(contributingTo(scope, findings.rows)),
    most_links: limits.links,
    most_stretches: MOST_STRETCHES,
    room: left,
    progress,
  })
  const body: Omit<CaseFile, 'seal'> = {
    ...rest,
    decisions: { ...list(decisions), rows: withProof(decisions.rows, proof, findings.rows) },
    proof: { how: HOW, stretches: [...proof.stretches] },
  }
  // In the order of the schema, as a reader has it too: the page of a case is drawn from either.
  return CaseFile.parse({ ...body, seal: sealCase(body, sources.key) })
}

/** Of statements, headings and figures that are not known before. */
const SLACK_BYTES = 50_000
/** Hashes, or why there are none, of a decision: known once it is proven. */
const LINK_BYTES: Size = { page: 400, json: 600 }

function sizeOfDecisions(rows: readonly StoredDecision[], findings: readonly Finding[]): Size {
  const decisions = { left_out: 0, rows: withProof(rows, { decisions: [], stretches: [] }, findings) }
  const { page, json } = sizeOf(decisions.rows, decisionsTable({ decisions }).text)
  return { page: page + rows.length * LINK_BYTES.page, json: json + rows.length * LINK_BYTES.json }
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

function list<T>({ rows, ...counted }: Collected<T>): Omit<Collected<T>, 'rows'> & { rows: T[] } {
  return { ...counted, rows: [...rows] }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
