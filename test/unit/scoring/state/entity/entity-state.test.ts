import { describe, expect, it } from 'vitest'
import { openState, planOf, type Plan } from '../../../../../services/scoring/state/entity/entity-state.ts'
import { f64, layout } from '../../../../../services/scoring/state/form/layout.ts'
import { hashId } from '../../../../../services/scoring/state/entity/recent-ids.ts'
import { subjectBench } from '../../../../../services/scoring/subject-stage.ts'

const AT = Date.parse('2026-01-01T00:00:00.000Z')

describe('state of an entity', () => {
  const { plan } = subjectBench()

  it('is the same after being stored, and a stored empty one is small', () => {
    const state = openState(plan)
    expect(state.encode().length).toBeLessThan(20 * plan.blocks.length)
    state.book.last_ms = AT
    for (let index = 0; index < 100; index++)
      state.book.seen.add(hashId(`decision-${index}`), AT + index * 1000)
    state.notes = { cases: [], refused: [{ id: 'a', at_ms: AT }], subjects: [] }
    const bytes = state.encode()
    const again = openState(plan, bytes)
    expect(again.encode()).toEqual(bytes)
    expect(again.notes).toEqual(state.notes)
    expect(again.book.seen.has(hashId('decision-99'), AT + 99_000)).toBe(true)
    expect(again.book.seen.has(hashId('decision-60'), AT + 60_000)).toBe(false)
    expect(again.book.seen.forgottenMs).toBe(AT + 78_000)
  })

  it('of two versions side by side: each finds its own as it left it, for a week of event time', () => {
    const form = layout({ n: f64 })
    const older = planOf([{ name: 'a@1', layout: form }])
    const newer = planOf([{ name: 'a@2', layout: form }])
    const written = (plan: Plan, n: number, hour: number, before?: Uint8Array) => {
      const state = openState(plan, before)
      Object.assign(state.states[0] as object, { n })
      state.head = { hour, established: true }
      return state.encode()
    }
    const first = written(older, 7, 1000)
    const second = written(newer, 9, 1001, first)
    expect(openState(older, second).states[0]).toEqual({ n: 7 })
    const third = written(newer, 10, 1001 + 7 * 24, second)
    expect(openState(older, third).states[0]).toEqual({ n: 7 })
    const fourth = written(newer, 11, 1001 + 7 * 24 + 1, third)
    expect(openState(older, fourth).states[0]).toEqual({ n: 0 })
    expect(openState(newer, fourth).states[0]).toEqual({ n: 11 })
    expect(fourth.length).toBeLessThan(third.length)
  })

  it('of a detector of another version starts empty', () => {
    const form = layout({ n: f64 })
    const before = openState(planOf([{ name: 'a@1', layout: form }]))
    Object.assign(before.states[0] as object, { n: 7 })
    const bytes = before.encode()
    expect(openState(planOf([{ name: 'a@1', layout: form }]), bytes).states[0]).toEqual({ n: 7 })
    expect(openState(planOf([{ name: 'a@2', layout: form }]), bytes).states[0]).toEqual({ n: 0 })
  })
})
