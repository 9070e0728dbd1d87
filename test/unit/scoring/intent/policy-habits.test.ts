import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policyHabits, type PolicyHabits } from '../../../../services/scoring/intent/policy-habits.ts'
import { allocate } from '../../../../services/scoring/state/form/words.ts'

const PLACE = 0xabcd1234
const [OLD, NEXT, LATER, LAST] = [0x11, 0x22, 0x33, 0x44]

function habits(): PolicyHabits {
  return policyHabits.read(allocate(policyHabits.words), 0)
}

/** Somebody who was let in on two days. */
function established(): PolicyHabits {
  const known = habits()
  known.permitted(PLACE, OLD, 20_000)
  known.permitted(PLACE, OLD, 20_001)
  return known
}

describe('habits of a person under a policy', () => {
  it('a place is established by use on two days within a month, and says nothing before', () => {
    const once = habits()
    for (let times = 0; times < 50; times++) expect(once.permitted(PLACE, OLD, 20_000)).toBeUndefined()
    expect(once.refused(PLACE, NEXT, 20_000)).toBeUndefined()
    const apart = habits()
    apart.permitted(PLACE, OLD, 20_000)
    apart.permitted(PLACE, OLD, 20_031)
    expect(apart.refused(PLACE, NEXT, 20_031)).toBeUndefined()
    expect(established().refused(PLACE, NEXT, 20_002)).toEqual({
      kind: 'blocked',
      first: true,
      before: OLD,
      releases: 0,
    })
  })

  it('a revision is judged once, and what goes on as before says nothing', () => {
    const known = established()
    expect(known.permitted(PLACE, NEXT, 20_002)).toEqual({
      kind: 'kept',
      first: true,
      before: OLD,
      releases: 0,
    })
    expect(known.permitted(PLACE, NEXT, 20_003)).toBeUndefined()
    expect(known.refused(PLACE, NEXT, 20_003)).toEqual({
      kind: 'refused',
      first: false,
      before: NEXT,
      releases: 0,
    })
    expect(known.refused(PLACE, NEXT, 20_003)).toBeUndefined()
  })

  it('while two revisions are in force at two gateways, each person counts once for the newer', () => {
    const known = established()
    expect(known.refused(PLACE, NEXT, 20_002)?.kind).toBe('blocked')
    expect(known.refused(PLACE, NEXT, 20_002)).toBeUndefined()
    expect(known.permitted(PLACE, OLD, 20_002)).toEqual({
      kind: 'let_in',
      first: false,
      before: OLD,
      releases: NEXT,
    })
    expect(known.refused(PLACE, NEXT, 20_002)).toMatchObject({ kind: 'blocked_again', first: false })
    expect(known.permitted(PLACE, OLD, 20_002)?.kind).toBe('let_in')
  })

  it('a later revision releases whom the one before blocked, whether it lets them in or refuses them itself', () => {
    const mended = established()
    mended.refused(PLACE, NEXT, 20_002)
    expect(mended.permitted(PLACE, LATER, 20_003)).toEqual({
      kind: 'let_in',
      first: true,
      before: OLD,
      releases: NEXT,
    })
    const worse = established()
    worse.refused(PLACE, NEXT, 20_002)
    expect(worse.refused(PLACE, LATER, 20_003)).toEqual({
      kind: 'blocked',
      first: true,
      before: OLD,
      releases: NEXT,
    })
  })

  it('goes on when more revisions come than it remembers', () => {
    const known = established()
    for (const revision of [NEXT, LATER, LAST])
      expect(known.permitted(PLACE, revision, 20_002)?.kind).toBe('kept')
    expect(known.refused(PLACE, 0x55, 20_003)).toEqual({
      kind: 'blocked',
      first: true,
      before: LAST,
      releases: 0,
    })
    expect(known.permitted(PLACE, 0x66, 20_003)).toEqual({
      kind: 'let_in',
      first: true,
      before: LAST,
      releases: 0x55,
    })
  })

  it('forgets a place that was not used for a month, and gives the oldest away when there are too many', () => {
    const known = established()
    expect(known.refused(PLACE, NEXT, 20_032)).toBeUndefined()
    const many = established()
    for (let place = 0; place < 60; place++)
      for (const day of [20_002 + place / 6, 20_003 + place / 6])
        many.permitted((place + 1) * 0x10000, OLD, Math.floor(day))
    expect(many.refused(PLACE, NEXT, 20_013)).toBeUndefined()
    expect(many.refused(60 * 0x10000, NEXT, 20_013)?.kind).toBe('blocked')
  })

  it('is a view of its words: the same whether or not it was stored between two decisions', () => {
    const decision = fc.record({
      place: fc.constantFrom(PLACE, 0x12340000, 0x77770003),
      revision: fc.constantFrom(OLD, NEXT, LATER, LAST),
      permitted: fc.boolean(),
      step: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(decision, { maxLength: 60 }), (decisions) => {
        const words = allocate(policyHabits.words)
        const whole = habits()
        let day = 20_000
        for (const { place, revision, permitted, step } of decisions) {
          day += step
          const apart = policyHabits.read(words, 0)
          const said = permitted ? apart.permitted(place, revision, day) : apart.refused(place, revision, day)
          expect(said).toEqual(
            permitted ? whole.permitted(place, revision, day) : whole.refused(place, revision, day),
          )
        }
      }),
    )
  })
})
