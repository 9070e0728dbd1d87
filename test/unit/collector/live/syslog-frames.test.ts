import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SyslogFrames } from '../../../../services/collector/live/syslog/frames.ts'

const texts = (frames: SyslogFrames, ...chunks: string[]): string[] =>
  chunks.flatMap((chunk) => frames.push(Buffer.from(chunk))).map(({ text, problem }) => problem ?? text)

describe('messages of a connection for syslog', () => {
  it('come counted or by line ends, mixed as they like', () => {
    expect(texts(new SyslogFrames(), '5 <1>ab<2>line\r\n\n2026-01-01T00:00:00Z h p: m\n4 <1>x')).toEqual([
      '<1>ab',
      '<2>line',
      '2026-01-01T00:00:00Z h p: m',
      '<1>x',
    ])
  })

  it('are the same however the bytes are cut, a line end within a counted one included', () => {
    const message = fc
      .string({ unit: fc.constantFrom('<', '>', '1', 'ü', ' ', 'x'), minLength: 1, maxLength: 40 })
      .map((text) => `<1>${text}x`)
    fc.assert(
      fc.property(
        fc.array(fc.record({ message, counted: fc.boolean() }), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (messages, cuts) => {
          const sent = messages.map(({ message: text, counted }) => {
            const whole = counted ? `${text}\nmore` : text
            return { whole, wire: counted ? `${Buffer.byteLength(whole)} ${whole}` : `${whole}\n` }
          })
          const wire = Buffer.from(sent.map((one) => one.wire).join(''))
          const frames = new SyslogFrames()
          const got: string[] = []
          for (let at = 0; at < wire.length;) {
            const size = cuts.next().value ?? 1
            got.push(...frames.push(wire.subarray(at, at + size)).map(({ text }) => text))
            at += size
          }
          expect(got).toEqual(sent.map(({ whole }) => whole))
          expect(frames.end()).toBeNull()
        },
      ),
    )
  })

  it('that are too long are told as such, keep their beginning, and cost the next one nothing', () => {
    const long = 'y'.repeat(100)
    for (const wire of [`100 ${long}3 <1>`, `<${long}\n<1>\n`]) {
      for (const size of [1, 7, 1000]) {
        const frames = new SyslogFrames(50)
        const got = []
        for (let at = 0; at < wire.length; at += size)
          got.push(...frames.push(Buffer.from(wire.slice(at, at + size))))
        expect(got.map(({ problem, text, bytes }) => problem ?? [text, bytes])).toEqual([
          'too_long',
          ['<1>', 3],
        ])
        expect(got[0]?.raw.toString()).toContain('yyy')
      }
    }
  })

  it('that the end of the connection cuts are told as cut off', () => {
    const frames = new SyslogFrames()
    expect(texts(frames, '10 <1>ab')).toEqual([])
    expect(frames.end()).toMatchObject({ problem: 'cut_off', bytes: 8 })
  })
})
