import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify'
import { z } from 'zod'
import { Id, Tenant } from '../../../schemas/bounds.ts'
import { Entity, entityKey } from '../../../schemas/entity.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import { analystVerdicts } from '../../../schemas/topics.ts'
import { type Verdict, VerdictKind } from '../../../schemas/verdict.ts'
import { holderOf } from '../../runtime/http/authenticate.ts'
import type { EventLog } from '../../runtime/log/event-log.ts'
import { jsonRecord } from '../../runtime/log/json-record.ts'
import { type Judgement, verdictOn, verdictsOnStory } from '../verdicts.ts'
import { problem } from './problem.ts'
import type { Views } from './views.ts'

const Said = { verdict: VerdictKind, note: z.string().max(2000).default('') }
const OnStory = z.strictObject(Said)
const OnEntity = z.strictObject({ ...Said, tenant: Tenant.optional(), entity: Entity })

/** People judge, and they do it one by one. Per address. */
const LIMITS = { bodyLimit: 16_384, config: { rateLimit: { max: 120, timeWindow: 60_000 } } }

export interface VerdictRoutesOptions {
  readonly eventLog: EventLog
  readonly views: Views
  readonly tenant: string
  readonly allowed: preHandlerAsyncHookHandler
  readonly now: () => number
}

/**
 * Verdicts, to write. The answer is 202 once they are durable in the log; the
 * ledger acts on them in the next milliseconds, and the feed tells.
 */
export function verdictRoutes({ eventLog, views, tenant, allowed, now }: VerdictRoutesOptions) {
  return async function routes(app: FastifyInstance): Promise<void> {
    app.addHook('preHandler', allowed)

    app.post('/api/v1/stories/:id/verdict', LIMITS, async (request, reply) => {
      const { id } = z.strictObject({ id: Id }).parse(request.params)
      const query = z.strictObject({ tenant: Tenant.optional() }).parse(request.query)
      const said = OnStory.parse(request.body)
      const story = views.story(query.tenant, id)
      if (!story) return reply.code(404).send(problem(404, 'ERR_STORY_UNKNOWN', 'There is no such story.'))
      if (story.state === 'merged') {
        const detail = `This story became part of ${story.merged_into ?? 'another'}; judge that one.`
        return reply.code(409).send(problem(409, 'ERR_STORY_MERGED', detail))
      }
      const verdicts = verdictsOnStory(story, { ...said, analyst: nameOf(request), decided_at: instant() })
      await write(verdicts)
      return reply.code(202).send({ verdict_ids: verdicts.map((verdict) => verdict.id) })
    })

    app.post('/api/v1/entities/verdict', LIMITS, async (request, reply) => {
      const { entity, tenant: named, ...said } = OnEntity.parse(request.body)
      const of = named ?? tenant
      const judgement: Judgement = { ...said, analyst: nameOf(request), decided_at: instant() }
      const verdicts = [entity, ...sharing(of, entity)].map((e) => verdictOn(of, e, judgement))
      await write(verdicts)
      return reply.code(202).send({ verdict_ids: verdicts.map((verdict) => verdict.id) })
    })
  }

  /** The sessions and devices that stand under the same findings as a subject: judging the person judges them. */
  function sharing(of: string, entity: Entity): Entity[] {
    if (entity.type !== 'subject') return []
    const own = new Set(findingsOf(views.risk(entityKey(of, entity))))
    const found: Entity[] = []
    for (const state of views.risks(of)) {
      if (found.length >= 50) break
      if (state.entity.type !== 'session' && state.entity.type !== 'device') continue
      if (findingsOf(state).some((id) => own.has(id))) found.push(state.entity)
    }
    return found
  }

  async function write(verdicts: readonly Verdict[]): Promise<void> {
    await eventLog.append(verdicts.map((verdict) => jsonRecord(analystVerdicts, verdict)))
  }

  function instant(): string {
    return new Date(now()).toISOString()
  }
}

function findingsOf(state: RiskState | undefined): string[] {
  return state?.causes.flatMap((cause) => cause.finding_ids) ?? []
}

function nameOf(request: Parameters<typeof holderOf>[0]): string {
  return holderOf(request)?.name ?? 'unknown'
}
