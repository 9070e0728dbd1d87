import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  openState,
  type EntityState,
  type Plan,
} from '../../../../../services/scoring/state/entity/entity-state.ts'
import {
  checkPacked,
  headOf,
  packAll,
  UnreadableState,
  unpackAll,
} from '../../../../../services/scoring/state/form/packed.ts'
import { hashId } from '../../../../../services/scoring/state/entity/recent-ids.ts'
import { packedBound, WordReader, WordWriter } from '../../../../../services/scoring/state/form/word-codec.ts'
import { allocate } from '../../../../../services/scoring/state/form/words.ts'
import { subjectBench } from '../../../../../services/scoring/subject-stage.ts'

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
