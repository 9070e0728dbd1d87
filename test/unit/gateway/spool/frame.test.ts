import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  frameLength,
  newHeader,
  openFrame,
  readHeader,
  sealFrame,
} from '../../../../services/gateway/spool/frame.ts'
import { spoolKeys } from '../../../../services/gateway/spool/keys.ts'

const { current } = spoolKeys(['0123456789abcdef0123456789abcdef'])

function segment(number = 1) {
  const header = newHeader(number, current)
  return { header, key: current.derive(header.salt) }
}

describe('a frame', () => {
  it('gives back what was sealed, at its own place only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(1000), (bytes, index) => {
        const { header, key } = segment()
        const plain = Buffer.from(bytes)
        const frame = sealFrame(header, key, index, plain)
        expect(frameLength(frame, index)).toBe(frame.length)
        expect(openFrame(header, key, index, frame)).toEqual(plain)
        expect(openFrame(header, key, index + 1, frame)).toBeNull()
        const other = segment()
        expect(openFrame(other.header, other.key, index, frame)).toBeNull()
        expect(openFrame({ ...header, bytes: other.header.bytes }, key, index, frame)).toBeNull()
      }),
      { numRuns: 50 },
    )
  })

  it('does not open when any one bit of it was changed', () => {
    const { header, key } = segment()
    const frame = sealFrame(header, key, 3, Buffer.from('alice opened the door'))
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const changed = Buffer.from(frame)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(openFrame(header, key, 3, changed)).toBeNull()
    }
  })

  it('tells nothing of what is in it, and never uses a segment key twice', () => {
    const plain = Buffer.from('alice opened the door')
    const one = segment()
    const two = segment()
    expect(sealFrame(one.header, one.key, 0, plain).includes('alice')).toBe(false)
    expect(one.key.equals(two.key)).toBe(false)
    expect(one.header.salt.equals(two.header.salt)).toBe(false)
  })
})

describe('a header', () => {
  it('comes back as it was written, and not when a bit of it was changed', () => {
    const { header } = segment(77)
    expect(readHeader(header.bytes)).toMatchObject({ number: 77, key_id: current.id, salt: header.salt })
    for (let at = 0; at < header.bytes.length; at += 1) {
      const changed = Buffer.from(header.bytes)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(readHeader(changed)).toBeNull()
    }
    expect(readHeader(header.bytes.subarray(0, 20))).toBeNull()
  })
})
