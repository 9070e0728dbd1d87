import { describe, expect, it } from 'vitest'
import { STEP_UP_ACR } from '../../../services/demo/provider/acr.ts'
import type { Wiki } from './wiki.ts'

export function authzenSuite(wiki: Wiki): void {
  describe('AuthZEN', () => {
    const alice = { type: 'user', id: 'alice', properties: { groups: ['staff'] } }

    async function evaluate(body: unknown, path = 'evaluation', headers: Record<string, string> = {}) {
      const token = await wiki.gateway.tokens.create({ name: 'pep', scopes: ['decision-point'] })
      const response = await fetch(`${wiki.gateway.decisionPoint}/access/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
        body: JSON.stringify(body),
      })
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, never>,
      }
    }

    it('answers, records, and echoes the request id; a deny is an answer', async () => {
      const question = {
        subject: alice,
        action: { name: 'read' },
        resource: { type: 'record', id: 'alice' },
        context: { ip: '192.0.2.9' },
      }
      const permit = await evaluate(question, 'evaluation', { 'x-request-id': 'r-1' })
      expect(permit.status).toBe(200)
      expect(permit.headers.get('x-request-id')).toBe('r-1')
      expect(permit.body).toMatchObject({
        decision: true,
        context: { outcome: 'permit', rule_id: 'record.own' },
      })
      const other = await evaluate({ ...question, resource: { type: 'record', id: 'bob' } })
      expect(other.status).toBe(200)
      expect(other.body).toMatchObject({
        decision: false,
        context: { outcome: 'step_up', reasons: ['step_up_required'], acr_values: STEP_UP_ACR },
      })
      const unknown = await evaluate({ ...question, resource: { type: 'rocket', id: '1' } })
      expect(unknown.body).toMatchObject({ decision: false, context: { reasons: ['no_route'] } })
      const { decision_id } = permit.body['context'] as unknown as { decision_id: string }
      const decisions = await wiki.gateway.decisions()
      expect(decisions.find(({ id }) => id === decision_id)).toMatchObject({
        outcome: 'permit',
        subject: { id: 'alice' },
        resource: { type: 'record', id: 'alice', app: 'records' },
        action: { name: 'read' },
        context: { ip: '192.0.2.9' },
        unmapped: { asked_by: 'pep' },
      })
    })

    it('answers several at once, with defaults and short circuits', async () => {
      const body = {
        subject: alice,
        action: { name: 'read' },
        evaluations: [
          { resource: { type: 'record', id: 'alice' } },
          { resource: { type: 'record', id: 'bob' } },
          { resource: { type: 'record' } },
        ],
      }
      const all = await evaluate(body, 'evaluations')
      expect(all.body).toMatchObject({
        evaluations: [
          { decision: true },
          { decision: false },
          { decision: false, context: { error: { status: 400 } } },
        ],
      })
      const first = await evaluate(
        { ...body, options: { evaluations_semantic: 'permit_on_first_permit' } },
        'evaluations',
      )
      expect(first.body['evaluations']).toHaveLength(1)
      const single = await evaluate(
        { subject: alice, action: { name: 'read' }, resource: { type: 'record', id: 'alice' } },
        'evaluations',
      )
      expect(single.body).toMatchObject({ decision: true })
    })

    it.each([
      [{}, 'subject'],
      [
        { subject: { type: 'user' }, action: { name: 'read' }, resource: { type: 'record', id: '1' } },
        'subject.id',
      ],
      [{ subject: alice, action: {}, resource: { type: 'record', id: '1' } }, 'action.name'],
      [{ subject: alice, action: { name: 'read' }, resource: { type: 'record' } }, 'resource.id'],
    ])('says what is wrong with a question: %j', async (body, at) => {
      const answer = await evaluate(body)
      expect(answer.status).toBe(400)
      expect(answer.body['message']).toContain(at)
    })

    it('answers nobody without a token for it, and tells its metadata to all', async () => {
      const bare = await fetch(`${wiki.gateway.decisionPoint}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      expect(bare.status).toBe(401)
      const analyst = await wiki.gateway.tokens.create({ name: 'a', scopes: ['analyst'] })
      expect((await evaluate({}, 'evaluation', { authorization: `Bearer ${analyst}` })).status).toBe(403)
      const metadata = await fetch(`${wiki.gateway.decisionPoint}/.well-known/authzen-configuration`)
      expect(await metadata.json()).toEqual({
        policy_decision_point: wiki.gateway.decisionPoint,
        access_evaluation_endpoint: `${wiki.gateway.decisionPoint}/access/v1/evaluation`,
        access_evaluations_endpoint: `${wiki.gateway.decisionPoint}/access/v1/evaluations`,
      })
    })
  })
}
