import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { signCheckpoint, type Checkpoint, type CheckpointBody } from '../../../../schemas/checkpoint.ts'
import { findPins } from '../../../../services/console/cases/proof/pins.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const key = { privateKey, public_key: publicKey.export({ format: 'jwk' }).x ?? '', endorsements: [] }
const AT = '2026-01-05T09:00:00.000Z'

function checkpoint(changes: Partial<CheckpointBody>): Checkpoint {
  return signCheckpoint(
    {
      schema_version: 1,
      tenant: 'default',
      pep_id: 'gw-1',
      boot_id: 'b-1',
      number: 1,
      state: 'open',
      seq_from: 0,
      seq_to: 9,
      count: 10,
      prev_hash: '0'.repeat(64),
      hash: 'a'.repeat(64),
      decided_from: AT,
      decided_to: AT,
      signed_at: AT,
      previous: null,
      previous_boot: null,
      ...changes,
    },
    key,
  )
}

async function pinAt(seq: number, checkpoints: readonly Checkpoint[]) {
  async function* all() {
    yield* checkpoints
  }
  const place = { pep_id: 'gw-1', boot_id: 'b-1', seq }
  const pin = (await findPins(all(), [place]))(place)
  return pin && [pin.seq, pin.signed]
}

const second = checkpoint({
  number: 2,
  seq_from: 10,
  seq_to: 19,
  prev_hash: 'a'.repeat(64),
  hash: 'b'.repeat(64),
})

it.each([
  ['the first checkpoint that holds it', 3, [second, checkpoint({})], [9, 'hash']],
  ['the next one, where its own is missing, by the hash before it', 3, [second], [9, 'prev_hash']],
  [
    'a later boot, where the boot ended in a crash',
    15,
    [
      checkpoint({}),
      checkpoint({
        boot_id: 'b-2',
        number: 0,
        seq_to: -1,
        previous_boot: { boot_id: 'b-1', seq: 17, hash: 'c'.repeat(64) },
      }),
    ],
    [17, 'previous_boot'],
  ],
  ['nothing, where no checkpoint reaches it', 30, [checkpoint({}), second], null],
  ['nothing, where its checkpoint is not signed', 3, [{ ...checkpoint({}), count: 11 }], null],
  ['nothing of another enforcement point', 3, [checkpoint({ pep_id: 'gw-2' })], null],
])('a place is proven by %s', async (_what, seq, checkpoints, pin) => {
  expect(await pinAt(seq, checkpoints)).toEqual(pin)
  expect(await pinAt(seq, checkpoints.toReversed())).toEqual(pin)
})
