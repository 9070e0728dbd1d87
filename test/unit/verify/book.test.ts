import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpointHash, isSigned, signCheckpoint, type Checkpoint } from '../../../schemas/checkpoint.ts'
import { openSigningKey, rotateSigningKey } from '../../../services/runtime/checkpoints/signing-key.ts'
import { CheckpointBook } from '../../../services/verify/checkpoints/book.ts'
import { openTrust } from '../../../services/verify/checkpoints/trust.ts'

const NOW = Date.parse('2026-06-01T00:00:00.000Z')
const hashAt = (seq: number): string => (seq + 1).toString(16).padStart(64, '0')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-book-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Checkpoints of one boot, each over some decisions. */
async function boot(dataDir: string, sizes: readonly number[], boot_id = 'b1'): Promise<Checkpoint[]> {
  const key = await openSigningKey(dataDir, NOW)
  const checkpoints: Checkpoint[] = []
  let seq = 0
  for (const [number, size] of [0, ...sizes].entries()) {
    const last = checkpoints.at(-1)
    const at = new Date(NOW + number * 1000).toISOString()
    checkpoints.push(
      signCheckpoint(
        {
          schema_version: 1,
          tenant: 'default',
          pep_id: 'gw',
          boot_id,
          number,
          state: 'open',
          seq_from: seq,
          seq_to: seq + size - 1,
          count: size,
          prev_hash: hashAt(seq - 1),
          hash: hashAt(seq + size - 1),
          decided_from: size === 0 ? null : at,
          decided_to: size === 0 ? null : at,
          signed_at: at,
          previous: last === undefined ? null : checkpointHash(last),
          previous_boot: null,
        },
        key,
      ),
    )
    seq += size
  }
  return checkpoints
}

const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 3, maxLength: 12 })

describe('a book of checkpoints', () => {
  it('pins every decision once, and copies change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (some) => {
        const checkpoints = await boot(folder, some)
        const book = new CheckpointBook('')
        const stretches = [...checkpoints, ...checkpoints].flatMap((one) => book.take(one))
        expect(book.problems).toEqual([])
        expect(stretches.map(({ seq_from, seq_to }) => seq_to - seq_from + 1)).toEqual(some)
        expect(book.boot('gw', 'b1')).toMatchObject({ covered_to: some.reduce((a, b) => a + b, 0) - 1 })
      }),
      { numRuns: 20 },
    )
  })

  it('says which checkpoint lacks, and its decisions stay pinned by its neighbours', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (some, pick) => {
        const checkpoints = await boot(folder, some)
        const gone = 1 + (pick % (some.length - 1))
        const book = new CheckpointBook('')
        const stretches = checkpoints.filter(({ number }) => number !== gone).flatMap((one) => book.take(one))
        expect(book.problems).toMatchObject([
          { kind: 'checkpoint', detail: `the checkpoint with number ${gone} is missing` },
        ])
        expect(stretches.reduce((sum, { seq_from, seq_to }) => sum + seq_to - seq_from + 1, 0)).toBe(
          some.reduce((a, b) => a + b, 0),
        )
      }),
      { numRuns: 20 },
    )
  })
})

describe('a book that is full', () => {
  it('takes no copy of what it no longer remembers for a second one, and says what it could not compare', async () => {
    const checkpoints = await boot(folder, [10, 10, 10, 10, 10, 10])
    const book = new CheckpointBook('', { most_remembered: 3, most_boots: 9 })
    for (const one of [...checkpoints, ...checkpoints]) book.take(one)
    expect(book.problems).toEqual([])
    expect(book.aside.undecided).toMatchObject([
      { reason: 'no_room', pep_id: 'gw', boot_id: 'b1', seq_from: 0, seq_to: 29, decisions: 0 },
    ])
    // What it remembers is still told from what only bears its number.
    const last = checkpoints.at(-1)
    if (last === undefined) throw new Error('no checkpoint')
    expect(book.take(last)).toEqual([])
    expect(book.problems).toEqual([])
  })

  it('accuses nobody of a boot that it has no room for', async () => {
    const [known, ...more] = await boot(folder, [5, 5])
    const other = await boot(folder, [7, 7], 'b2')
    if (known === undefined) throw new Error('no checkpoint')
    const book = new CheckpointBook('', { most_remembered: 99, most_boots: 1 })
    for (const one of [known, ...other, ...more]) book.take(one)
    expect(book.problems).toEqual([])
    expect(book.boot('gw', 'b1')).toMatchObject({ covered_to: 9 })
    expect(book.boot('gw', 'b2')).toBe('no_room')
    expect(book.aside.undecided).toMatchObject([
      { reason: 'no_room', boot_id: 'b2', seq_to: 13, decisions: 14 },
    ])
  })
})

describe('trust in a key', () => {
  it('passes to the next key, which the old one vouches for, and to no other', async () => {
    const dataDir = join(folder, 'gateway')
    const verifier = { dataDir: join(folder, 'verifier'), configured: [], pin_first: true, now: () => NOW }
    const [before] = await boot(dataDir, [])
    await rotateSigningKey(dataDir, NOW)
    const [after] = await boot(dataDir, [])
    const [stranger] = await boot(join(folder, 'stranger'), [])
    if (!before || !after || !stranger) throw new Error('no checkpoint')
    expect(after.public_key).not.toBe(before.public_key)
    const trust = await openTrust(verifier)
    expect([before, after, stranger].map((one) => trust.check(one))).toEqual(['yes', 'yes', 'unknown_key'])
    await trust.save()
    const later = await openTrust({ ...verifier, pin_first: false })
    expect([before, after, stranger].map((one) => later.check(one))).toEqual(['yes', 'yes', 'unknown_key'])
    expect(isSigned({ ...after, seq_to: 7 })).toBe(false)
    expect(trust.check({ ...after, hash: hashAt(9) })).toBe('forged')
  })
})
