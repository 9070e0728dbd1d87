import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { PolicyRevision } from '../../schemas/policy.ts'
import { policyRevisions } from '../../schemas/topics.ts'
import { compilePolicy, type CompiledPolicy } from '../policy/compile.ts'
import type { EventLog } from '../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../runtime/log/json-record.ts'
import { within } from '../runtime/within.ts'

const RETRY_MS = 5000
/** After a change, the policy before is asked for so long what it would have said. */
const PREVIOUS_MS = 7 * 86_400_000

export interface PolicyRevisionsOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly tenant: string
  readonly pep_id: string
  readonly now: () => number
}

export interface PolicyRevisions {
  /**
   * Writes down that this policy is in force, unless the newest revision that
   * is recorded is the same. Resolves after the first attempt; one that failed
   * is repeated every 5 s, until it succeeds or another policy is in force.
   */
  inForce(policy: CompiledPolicy): Promise<void>
  /**
   * The policy that was in force before the present one, for a week after the
   * change; at a start with a changed policy, the newest one that is recorded.
   * Null: none, or it is not known.
   */
  readonly previous: () => CompiledPolicy | null
  stop(): Promise<void>
}

/**
 * Keeps `policy.revisions` up to date: from it, explanations take a rule's
 * description and whom to ask, and the ledger whom it must never restrict. A
 * gateway goes on deciding when it can't be written; decisions name their
 * revision anyway.
 */
export async function openPolicyRevisions(options: PolicyRevisionsOptions): Promise<PolicyRevisions> {
  const { eventLog, logger, tenant, pep_id, now } = options
  const table = await eventLog.openTable(policyRevisions)
  const ended = new AbortController()
  let newest: CompiledPolicy | null = null
  let replaced: { readonly policy: CompiledPolicy; readonly at_ms: number } | null = null
  let retrying: Promise<void> = Promise.resolve()

  async function write({ document, revision }: CompiledPolicy): Promise<boolean> {
    try {
      await table.caughtUp()
      const value = table.get(`${tenant}/${document.policy}`)
      const recorded = value === undefined ? undefined : readRecord(PolicyRevision, { value })
      if (recorded?.revision === revision) return true
      if (recorded !== undefined && replaced === null) {
        // JSON is YAML. What an older version wrote, and this one can't compile, is not asked.
        const { policy } = compilePolicy(JSON.stringify(recorded.document), recorded.revision)
        if (policy) replaced = { policy, at_ms: now() }
      }
      const record: PolicyRevision = {
        schema_version: 1,
        tenant,
        policy: document.policy,
        revision,
        document,
        applied_at: new Date(now()).toISOString(),
        applied_by: pep_id,
      }
      await eventLog.append([jsonRecord(policyRevisions, record)])
      return true
    } catch (error) {
      logger.warn({ err: error, policy_revision: revision }, 'the policy in force could not be written down')
      return false
    }
  }

  async function retry(policy: CompiledPolicy): Promise<void> {
    do {
      await pause(RETRY_MS, undefined, { signal: ended.signal, ref: false })
      if (newest !== policy) return
    } while (!(await write(policy)))
  }

  return {
    async inForce(policy) {
      if (newest !== null && newest.revision !== policy.revision) replaced = { policy: newest, at_ms: now() }
      newest = policy
      if (await write(policy)) return
      retrying = retry(policy).catch(() => {})
    },
    previous: () => (replaced !== null && now() - replaced.at_ms < PREVIOUS_MS ? replaced.policy : null),
    async stop() {
      ended.abort()
      await within(retrying, 500)
      await table.close()
    },
  }
}
