import { describe, expect, it } from 'vitest'
import type { Entity } from '../../../schemas/entity.ts'
import { scrub } from '../../../schemas/scrub.ts'
import { accessFindings, accessStories } from '../../../schemas/topics.ts'
import { namesOf } from '../../../services/erasure/person.ts'
import { sampleFinding, sampleStory } from '../../support/events/samples.ts'

const AT = '2026-01-31T09:30:00.000Z'
const alice = namesOf({
  tenant: 'default',
  subject: { type: 'user', id: 'alice' },
  sessions: ['s-of-alice'],
  devices: ['laptop-7'],
  addresses: ['198.51.100.7'],
  prefixes: ['198.51.100.0/24'],
})
const who = (id: string): Entity => ({ type: 'subject', id })

describe('scrub', () => {
  it('takes every text and figure from a finding about the person, and leaves a finding', () => {
    const finding = sampleFinding({
      id: 'f-1',
      observed_at: AT,
      entity: who('user:alice'),
      entities: [
        { type: 'session', id: 's-of-alice' },
        { type: 'source', id: '198.51.100.0/24' },
      ],
      evidence: { from: '198.51.100.7', km: 8_400 },
    })
    const clean = accessFindings.schema.parse(scrub(finding, alice))
    expect(JSON.stringify(clean)).not.toMatch(/alice|198\.51|8400/)
    expect(clean).toMatchObject({
      id: 'f-1',
      entity: who('user:erased'),
      evidence: {},
      detector: finding.detector,
    })
  })

  it('takes from a finding about a source the names of the person alone, as words', () => {
    const finding = sampleFinding({
      id: 'f-2',
      observed_at: AT,
      entity: { type: 'source', id: '192.0.2.0/24' },
      entities: [who('user:alice'), who('user:alice.smith'), who('service:alice')],
      summary: 'Tried alice, malice, alice.smith and user:alice. First: alice.',
      evidence: { first: 'alice', tried: 4, address: '192.0.2.1' },
    })
    expect(scrub(finding, alice)).toMatchObject({
      entities: [who('user:erased'), who('user:alice.smith'), who('service:alice')],
      summary: 'Tried erased, malice, alice.smith and erased. First: erased.',
      evidence: { first: 'erased', tried: 4, address: '192.0.2.1' },
    })
  })

  it('leaves the same object where nobody is named, a word that is no name among them', () => {
    const story = sampleStory({
      id: 's-1',
      observed_at: AT,
      entities: [who('user:bob')],
      title: 'bob',
      owner: 'alice',
    })
    expect(scrub(story, alice)).toBe(story)
  })

  it('finds nothing more to do a second time', () => {
    const story = sampleStory({ id: 's-1', observed_at: AT, title: 'alice was refused' })
    const once = scrub(story, alice)
    expect(accessStories.schema.parse(once).entities).toEqual([who('user:erased')])
    expect(scrub(once, alice)).toBe(once)
  })

  it('takes the place from a slim record of the person, whoever else is there', () => {
    const activity = {
      tenant: 'default',
      entity: { type: 'device', id: 'shared-3' },
      subject: 'user:alice',
      session_id: 's-of-alice',
      ip: '203.0.113.1',
      country: 'PT',
      asn: 64_500,
      user_agent_family: 'Firefox',
    }
    expect(scrub(activity, alice)).toEqual({
      tenant: 'default',
      entity: { type: 'device', id: 'shared-3' },
      subject: 'user:erased',
      ip: '',
      country: '',
      asn: 0,
      user_agent_family: '',
    })
  })
})
