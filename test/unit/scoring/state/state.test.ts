import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  openState,
  planOf,
  type EntityState,
  type Plan,
} from '../../../../services/scoring/state/entity/entity-state.ts'
import { begin, combine, hash32 } from '../../../../services/scoring/state/hash.ts'
import { clip, f64, layout, records, text, u32 } from '../../../../services/scoring/state/form/layout.ts'
import {
  checkPacked,
  headOf,
  packAll,
  UnreadableState,
  unpackAll,
} from '../../../../services/scoring/state/form/packed.ts'
import { TenantPopulation } from '../../../../services/scoring/state/population/tenant-population.ts'
import { hashId } from '../../../../services/scoring/state/entity/recent-ids.ts'
import { slots } from '../../../../services/scoring/state/form/slots.ts'
import { packedBound, WordReader, WordWriter } from '../../../../services/scoring/state/form/word-codec.ts'
import { allocate } from '../../../../services/scoring/state/form/words.ts'
import { subjectBench } from '../../../../services/scoring/subject-stage.ts'

const DAY = 86_400_000
const AT = Date.parse('2026-01-01T00:00:00.000Z')

const NOTHING = new Uint8Array()

describe('packed words', () => {
  // Zeros, few different ones, neighbours and any: what the codes are for.
  const word = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1_767_000_000, max: 1_767_100_000 }),
    fc.integer({ min: 1, max: 0xffffffff }),
  )
  const block = fc.array(word, { minLength: 1, maxLength: 900 })

  it('come back bit for bit, within the bound, whatever was packed before', () => {
    const writer = new WordWriter()
    const reader = new WordReader()
    fc.assert(
      fc.property(block, block, (first, second) => {
        const words = Uint32Array.from([...first, ...second])
        const bytes = new Uint8Array(packedBound(first.length) + packedBound(second.length))
        writer.begin()
        const middle = writer.write(words, 0, first.length, bytes, 0)
        const end = writer.write(words, first.length, second.length, bytes, middle)
        expect(middle).toBeLessThanOrEqual(packedBound(first.length))
        const copy = new Uint32Array(words.length)
        reader.begin()
        expect(reader.read(copy, 0, first.length, bytes, 0)).toBe(middle)
        expect(reader.read(copy, first.length, second.length, bytes, middle)).toBe(end)
        expect([...copy]).toEqual([...words])
      }),
    )
  })

  it('give the same bytes for the same words, whatever was packed before', () => {
    fc.assert(
      fc.property(block, block, (first, second) => {
        const pack = (values: readonly number[], before: readonly number[]) => {
          const words = allocate(1000)
          const blocks = [{ tag: 1, at: 0, length: 1000 }]
          words.u32.set(before)
          packAll(words, blocks, NOTHING)
          words.u32.fill(0)
          words.u32.set(values)
          return packAll(words, blocks, NOTHING)
        }
        expect(pack(first, second)).toEqual(pack(first, first))
      }),
    )
  })

  it('cost nothing while all are empty, else a bit each, and one byte when they were there before', () => {
    const empty = allocate(800)
    const blocks = [{ tag: 1, at: 0, length: 800 }]
    expect(packAll(empty, blocks, NOTHING).length).toBe(13)
    empty.u32[400] = 7
    expect(packAll(empty, blocks, NOTHING).length).toBe(13 + 6 + 100 + 1 + 2)
    const same = allocate(800)
    same.u32.fill(0xfedcba98)
    expect(packAll(same, blocks, NOTHING).length).toBe(13 + 6 + 100 + 200 + 4 + 799)
  })

  it('that are damaged anywhere, end early, or are of another form are refused', () => {
    const words = allocate(8)
    words.u32.set([7, 7, 9, 1_000_000])
    const bytes = packAll(words, [{ tag: 1, at: 0, length: 8 }], Uint8Array.of(1, 2, 3))
    expect(() => checkPacked(bytes)).not.toThrow()
    for (let at = 0; at < bytes.length; at++) {
      expect(() => checkPacked(bytes.subarray(0, at)), `${at} bytes`).toThrow(UnreadableState)
      const flipped = Uint8Array.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 4
      expect(() => checkPacked(flipped), `bit of byte ${at}`).toThrow(UnreadableState)
    }
    expect(() => checkPacked(Uint8Array.of(9, 0))).toThrow('state of form 9, and this version reads form 2')
  })

  it('of a section nobody asks for are carried along, and a missing one stays empty', () => {
    const words = allocate(4)
    words.u32.set([1, 2, 3, 4])
    const head = { hour: 490_000, established: true }
    const sections = [
      { tag: 10, at: 0, length: 2 },
      { tag: 20, at: 2, length: 2 },
    ]
    const bytes = packAll(words, sections, Uint8Array.of(99), head)
    const copy = allocate(4)
    const other = [
      { tag: 20, at: 0, length: 2 },
      { tag: 30, at: 2, length: 2 },
    ]
    const read = unpackAll(copy, other, bytes)
    expect([...copy.u32]).toEqual([3, 4, 0, 0])
    expect([...read.tail]).toEqual([99])
    expect(read.head).toEqual(head)
    expect(headOf(bytes)).toEqual(head)
    const back = allocate(4)
    unpackAll(back, sections, packAll(copy, other, NOTHING, head, read.foreign))
    expect([...back.u32]).toEqual([1, 2, 3, 4])
  })
})

describe('state of the first form', () => {
  it('is read as it is, with the hour of its newest event', () => {
    const { plan } = subjectBench()
    const state = openState(plan)
    const atMs = Date.parse('2026-03-04T05:06:07.089Z')
    state.book.last_ms = atMs
    state.book.seen.add(hashId('a'), atMs)
    state.notes = { cases: [], refused: [{ id: 'a', at_ms: atMs }], subjects: [] }
    const bytes = formOne(plan, state)
    checkPacked(bytes)
    expect(headOf(bytes)).toEqual({ hour: Math.floor(atMs / 3_600_000), established: true })
    const again = openState(plan, bytes)
    expect(again.book.last_ms).toBe(atMs)
    expect(again.book.seen.has(hashId('a'), atMs)).toBe(true)
    expect(again.notes).toEqual(state.notes)
    expect(() => checkPacked(bytes.subarray(0, 20))).toThrow(UnreadableState)
  })
})

/** What an earlier version wrote: form, number of blocks; each as tag, length, bitmap and whole words; the notes. */
function formOne(plan: Plan, state: EntityState): Uint8Array {
  const words = allocate(plan.words)
  unpackAll(words, plan.blocks, state.encode())
  const bytes: number[] = [1, plan.blocks.length]
  for (const { tag, at, length } of plan.blocks) {
    bytes.push(tag >>> 24, (tag >>> 16) & 255, (tag >>> 8) & 255, tag & 255, length >>> 8, length & 255)
    const bitmap = Array.from({ length: Math.ceil(length / 8) }, () => 0)
    const whole: number[] = []
    for (let index = 0; index < length; index++) {
      const word = words.u32[at + index] ?? 0
      if (word === 0) continue
      bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (1 << (index & 7))
      whole.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24)
    }
    bytes.push(...bitmap, ...whole)
  }
  return Uint8Array.from([...bytes, ...new TextEncoder().encode(JSON.stringify(state.notes))])
}

describe('layouts', () => {
  const form = layout({ a: f64, list: records(3, { n: u32, name: text(10) }), b: u32, name: text(16) })

  it('read what they wrote, for any numbers and clipped text', () => {
    const record = fc.record({ n: fc.nat(), name: fc.string({ unit: 'binary' }) })
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.array(record, { minLength: 3, maxLength: 3 }),
        fc.nat(),
        fc.string({ unit: 'binary' }),
        (a, list, b, name) => {
          const kept = list.map((each) => ({ n: each.n, name: clip(each.name, 10) }))
          const words = allocate(form.words)
          const state = form.read(words, 0)
          Object.assign(state, { a, b, name: clip(name, 16) })
          for (const [index, each] of state.list.entries()) Object.assign(each, kept[index])
          form.write(words, 0, state)
          const { list: views, ...rest } = form.read(words, 0)
          expect(rest).toEqual({ a, b, name: clip(name, 16) })
          expect(views.map((each) => ({ n: each.n, name: each.name }))).toEqual(kept)
        },
      ),
    )
  })

  it('of other fields have another fingerprint', () => {
    const prints = [
      layout({ a: f64 }),
      layout({ b: f64 }),
      layout({ a: u32 }),
      layout({ a: slots(2) }),
      layout({ a: slots(3) }),
    ]
    expect(new Set(prints.map((each) => each.fingerprint)).size).toBe(prints.length)
  })
})

describe('slots', () => {
  const make = (capacity: number) => slots(capacity).read(allocate(capacity * 3), 0)

  it('decay a weight by half in a half-life, and not for a late event', () => {
    const values = make(2)
    values.add(5, AT, DAY)
    expect(values.weight(values.find(5), AT + DAY, DAY)).toBeCloseTo(0.5, 6)
    expect(values.weight(values.find(5), AT - DAY, DAY)).toBe(1)
  })

  it('full, forget the lightest value', () => {
    const values = make(3)
    for (const [key, times] of [
      [1, 3],
      [2, 1],
      [3, 2],
    ] as const) {
      for (let time = 0; time < times; time++) values.add(key, AT, DAY)
    }
    values.add(4, AT, DAY)
    expect([1, 2, 3, 4].map((key) => values.find(key) !== -1)).toEqual([true, false, true, true])
  })

  it('never hold more than their capacity, nor the value 0', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (keys) => {
        const values = make(4)
        for (const key of keys) values.add(key, AT, DAY)
        expect(values.usedSince(0)).toBeLessThanOrEqual(4)
        expect(values.find(0)).toBe(-1)
      }),
    )
  })
})

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

describe('population', () => {
  it('counts values, forgets by decay, and comes back from what was stored', () => {
    const stored = new Map<string, Uint8Array>()
    const population = new TenantPopulation((part) => stored.get(part))
    for (let index = 0; index < 30; index++) population.add('asn', hash32(`AS${index % 3}`), AT)
    expect(population.count('asn', hash32('AS1'), AT)).toBe(10)
    expect(population.total('asn', AT)).toBe(30)
    expect(population.distinct('asn')).toBe(3)
    expect(population.count('prefix', hash32('AS1'), AT)).toBe(0)
    for (const [name, part] of population.changed()) stored.set(name, part.encode())
    const again = new TenantPopulation((part) => stored.get(part))
    expect(again.count('asn', hash32('AS1'), AT + 45 * DAY)).toBeCloseTo(5, 5)
    expect([...again.changed()]).toEqual([])
  })

  it('knows three subjects of a prefix for 30 days, and a fourth changes nothing', () => {
    const population = new TenantPopulation(() => undefined)
    const prefix = hash32('192.0.2.0/24')
    for (const [index, who] of ['a', 'a', 'b', 'c', 'd'].entries()) {
      population.use(prefix, hash32(who), AT + index * 1000)
      expect(population.usersOf(prefix, AT + 5000)).toBe([1, 1, 2, 3, 3][index])
    }
    expect(population.usersOf(prefix, AT + 31 * DAY)).toBe(0)
  })

  it('tells a late copy by its number, boot by boot, also from what was stored, and forgets the boot that is quiet longest', () => {
    const stored = new Map<string, Uint8Array>()
    const first = new TenantPopulation((part) => stored.get(part))
    expect([0, 3, 4].map((seq) => first.isFirst('boot-a', seq, AT))).toEqual([true, true, true])
    expect(first.isFirst('boot-b', 1, AT + 1000)).toBe(true)
    for (const [name, part] of first.changed()) stored.set(name, part.encode())
    const population = new TenantPopulation((part) => stored.get(part))
    expect([0, 3, 4].map((seq) => population.isFirst('boot-a', seq, AT))).toEqual([false, false, false])
    expect(population.isFirst('boot-b', 1, AT)).toBe(false)
    expect([...population.changed()]).toEqual([])
    expect(population.isFirst('boot-a', 5, AT)).toBe(true)
    for (let n = 0; n < 31; n++) expect(population.isFirst(`other-${n}`, 0, AT + 2000)).toBe(true)
    expect(population.isFirst('boot-b', 1, AT + 3000)).toBe(false)
    expect(population.isFirst('boot-a', 5, AT + 3000)).toBe(true)
  })

  it('stays within its bounds whatever comes', () => {
    const population = new TenantPopulation(() => undefined)
    for (let index = 0; index < 20_000; index++) {
      population.add('prefix', hash32(`p${index}`), AT)
      population.use(hash32(`p${index}`), 1, AT)
    }
    expect([...population.changed()].length).toBeLessThanOrEqual(97)
  })
})

describe('hashes', () => {
  it('is the same in one piece or in two', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => hash32(b, begin(a)) === hash32(a + b)))
  })

  it('are never 0, and order counts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(hash32(a)).toBeGreaterThan(0)
        fc.pre(hash32(a) !== hash32(b))
        expect(combine(hash32(a), hash32(b))).not.toBe(combine(hash32(b), hash32(a)))
      }),
    )
    expect(combine(0, 5)).toBe(0)
  })
})
