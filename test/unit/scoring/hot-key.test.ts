import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decisionKey, type Decision } from '../../../schemas/decision.ts'
import { accessDecisions, accessFindings, scoringState } from '../../../schemas/topics.ts'
import type { PartitionRecords } from '../../../services/runtime/log/event-log.ts'
import { PartitionStates } from '../../../services/scoring/partition-states.ts'
import { SUBJECT_MEMORY, subjectStage } from '../../../services/scoring/worker.ts'
import { BERLIN_IP, decisionOf, NEW_YORK_IP, testEnrich, TOKYO_IP } from '../../support/scoring/play.ts'

const stage = subjectStage(testEnrich())

function partOf(decisions: readonly Decision[], first: number): PartitionRecords {
  const records = decisions.map((decision, index) => ({
    offset: first + index,
    key: decisionKey(decision),
    value: Buffer.from(JSON.stringify(decision)),
    headers: {},
    appended_ms: Date.parse('2030-01-01T00:00:00.000Z'),
  }))
  return {
    topic: accessDecisions,
    partition: 0,
    records,
    first_offset: first,
    last_offset: first + records.length - 1,
  }
}

function newStates(): PartitionStates {
  return new PartitionStates({
    stage: 'subject',
    topic: scoringState,
    partition: 0,
    limits: SUBJECT_MEMORY,
    decoded: 1000,
    seed: 1,
  })
}

/** Handles decisions in batches of 1000 and tells what each wrote. */
function handle(decisions: readonly Decision[], states = newStates()) {
  const batches: { state: number; entity: number; stateBytes: number; findings: number; cpuUs: number }[] = []
  for (let first = 0; first < decisions.length; first += 1000) {
    const part = partOf(decisions.slice(first, first + 1000), first)
    const before = process.threadCpuUsage()
    const { outputs } = stage.process(part, states)
    states.commit()
    const { user, system } = process.threadCpuUsage(before)
    const state = outputs.filter(({ topic }) => topic === scoringState)
    const entity = state.filter(({ key }) => key.endsWith('/user:mallory'))
    batches.push({
      state: state.length,
      entity: Math.max(0, ...entity.map(({ value }) => value?.length ?? 0)),
      stateBytes: state.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
      findings: outputs.filter(({ topic }) => topic === accessFindings).length,
      cpuUs: user + system,
    })
  }
  return batches
}

const long = (text: string, length: number) => text.padEnd(length, 'x')

describe('one subject with a flood of decisions', () => {
  const some = fc.record({
    outcome: fc.constantFrom('permit' as const, 'deny' as const),
    reason: fc.constantFrom('credentials_rejected' as const, 'policy_deny' as const, 'mfa_rejected' as const),
    ip: fc.constantFrom(BERLIN_IP, NEW_YORK_IP, TOKYO_IP, '2001:db8::1'),
    gapMs: fc.constantFrom(0, 50, 7000, 900_000),
    distinct: fc.nat(200),
  })

  it('keeps its state within one bound, whatever it does and however long its names are', () => {
    fc.assert(
      fc.property(fc.array(some, { minLength: 300, maxLength: 900 }), (steps) => {
        let atMs = 0
        const decisions = steps.map(({ outcome, reason, ip, gapMs, distinct }, index) => {
          atMs += gapMs
          return decisionOf('mallory', atMs, {
            id: long(`${index}`, 64),
            outcome,
            reasons: outcome === 'deny' ? [reason] : [],
            subject: { type: 'user', id: 'mallory', session_id: long(`s${distinct}`, 250) },
            device: { id: long(`d${distinct}`, 250) },
            action: { name: 'sign_in' },
            context: { ip, user_agent: long(`agent ${distinct}`, 300) },
          })
        })
        const batches = handle(decisions)
        for (const { entity } of batches) expect(entity).toBeLessThan(128 * 1024)
      }),
      { numRuns: 10 },
    )
  })

  it('writes its state once a batch, and tells its finding again every five minutes at most', () => {
    const flood = Array.from({ length: 6000 }, (_, index) =>
      decisionOf('mallory', index * 10, { outcome: 'deny', id: `m-${index}` }),
    )
    const batches = handle(flood)
    // One minute: it opens, it rises.
    expect(batches.reduce((sum, { findings }) => sum + findings, 0)).toBe(2)
    for (const { state, entity, stateBytes } of batches) {
      expect(state).toBeLessThanOrEqual(1 + 98)
      expect(entity).toBeLessThan(8 * 1024)
      expect(stateBytes).toBeLessThan(64 * 1024)
    }
  })

  it('takes no more time a decision than many subjects do: who is behind it waits as long as behind them', () => {
    const everybody = (who: (index: number) => string) =>
      Array.from({ length: 8000 }, (_, index) =>
        decisionOf(who(index), index * 20, {
          outcome: index % 10 === 0 ? 'permit' : 'deny',
          id: `e-${index}`,
        }),
      )
    const many = everybody((index) => `person-${index % 800}`)
    const hot = everybody((index) => (index % 50 === 0 ? `person-${index % 800}` : 'mallory'))
    const least = (decisions: readonly Decision[]) => Math.min(...handle(decisions).map(({ cpuUs }) => cpuUs))
    least(many)
    expect(least(hot)).toBeLessThan(least(many) * 2)
  })
})
