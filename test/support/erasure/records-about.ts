import {
  accessDecisions,
  accessFindings,
  accessStories,
  alertsOutbox,
  analystVerdicts,
  deadLetterOf,
  deviceInventory,
  riskState,
  sessionLogouts,
  subjectCensus,
} from '../../../schemas/topics.ts'
import type { OutRecord } from '../../../services/runtime/log/event-log.ts'
import { jsonRecord } from '../../../services/runtime/log/json-record.ts'
import { sampleFinding, sampleRisk, sampleStory, sampleVerdict } from '../events/samples.ts'
import { alert } from '../feedback/alert.ts'
import { START } from './drafts.ts'
import { ALICE, BOB } from './two-people.ts'

/** What else is known of the two: findings, stories, risk, verdicts, and all other topics that name people. */
export function recordsAbout(): readonly OutRecord[] {
  const at = new Date(START + 60_000).toISOString()
  const alice = { type: 'subject', id: `user:${ALICE.id}` } as const
  const bob = { type: 'subject', id: `user:${BOB.id}` } as const
  const office = { type: 'source', id: '192.0.2.0/24' } as const
  const dead = deadLetterOf(accessDecisions)
  const headers = {
    reason: 'invalid-json',
    detail: '',
    'source-topic': accessDecisions.name,
    'source-partition': '0',
    'source-offset': '1',
  }
  return [
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-alice',
        observed_at: at,
        entity: alice,
        entities: [
          { type: 'session', id: ALICE.session },
          { type: 'source', id: ALICE.prefix },
        ],
        evidence: { from: ALICE.ip, refusals: 12 },
        summary: `Refused from ${ALICE.ip}.`,
      }),
    ),
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-office',
        observed_at: at,
        entity: office,
        entities: [alice, bob],
        evidence: { tried: 2, first: ALICE.id, second: BOB.id },
        summary: `Tried ${ALICE.id}, ${BOB.id}.`,
      }),
    ),
    jsonRecord(
      accessFindings,
      sampleFinding({
        id: 'f-bob',
        observed_at: at,
        entity: bob,
        entities: [{ type: 'session', id: BOB.session }],
      }),
    ),
    jsonRecord(
      accessStories,
      sampleStory({
        id: 's-alice',
        observed_at: at,
        state: 'closed',
        closed_at: at,
        title: `${ALICE.id} is refused`,
        entities: [alice],
      }),
    ),
    jsonRecord(
      accessStories,
      sampleStory({
        id: 's-office',
        observed_at: at,
        state: 'closed',
        closed_at: at,
        title: `Spray on ${ALICE.id} and ${BOB.id}`,
        entities: [office, alice, bob],
        suspects: [office],
      }),
    ),
    jsonRecord(riskState, sampleRisk({ entity: alice, updated_at: at })),
    jsonRecord(riskState, sampleRisk({ entity: { type: 'session', id: ALICE.session }, updated_at: at })),
    jsonRecord(riskState, sampleRisk({ entity: bob, updated_at: at })),
    jsonRecord(
      analystVerdicts,
      sampleVerdict({ id: 'v-alice', entity: alice, decided_at: at, note: `spoke with ${ALICE.id}` }),
    ),
    jsonRecord(analystVerdicts, sampleVerdict({ id: 'v-bob', entity: bob, decided_at: at })),
    jsonRecord(alertsOutbox, alert({ id: 'a-alice', entity: alice, summary: `${ALICE.id} is refused` })),
    jsonRecord(subjectCensus, {
      schema_version: 1,
      tenant: 'default',
      subject: alice.id,
      first_permitted_at: at,
    }),
    jsonRecord(subjectCensus, {
      schema_version: 1,
      tenant: 'default',
      subject: bob.id,
      first_permitted_at: at,
    }),
    jsonRecord(deviceInventory, {
      schema_version: 1,
      tenant: 'default',
      id: 'inventory-1',
      managed: true,
      os: 'linux',
      posture: 'compliant',
      tier: 'basic',
      owner: ALICE.id,
      key_thumbprint: null,
      updated_at: at,
    }),
    jsonRecord(sessionLogouts, {
      schema_version: 1,
      tenant: 'default',
      session_id: ALICE.session,
      logged_out_at: at,
      expires_at: at,
    }),
    {
      topic: dead,
      key: `default/subject/user:${ALICE.id}`,
      value: `not json, and of ${ALICE.id} at ${ALICE.ip}`,
      headers,
    },
    { topic: dead, key: 'x', value: `{"who":"${ALICE.session}"`, headers },
    { topic: dead, key: 'y', value: `{"who":"${BOB.id}"`, headers },
  ]
}
