import { clip, text, type Field } from './layout.ts'

/** First byte of an identifier that is kept as numbers; no text begins with it. */
const AS_UUID = 1
const AS_SERIAL = 2
const UUID_CHARACTERS = 36
const UUID_BYTES = 16
const BOOT_CHARACTERS = 16
const BOOT_BYTES = 8
const MOST_SERIAL = 0xffff_ffff
const MOST_DIGITS = 10

/**
 * An identifier of at most `bytes` bytes of UTF-8; a longer one is not kept. The two
 * that nearly all are, a UUID in its canonical form and a gateway's (its boot, 16
 * hexadecimal digits, and a serial number), take half the room once packed, and are kept whatever `bytes` is.
 *
 * @param bytes 20 or more
 * @see RFC 9562, section 4 (text form of a UUID: lower case on output).
 */
export function idText(bytes: number): Field<string> {
  const plain = text(bytes)
  return {
    words: plain.words,
    form: `id${bytes}`,
    read(words, at) {
      const form = words.u32[at]
      if (form === AS_UUID) return uuidText(words.bytes, at * 4 + 4)
      if (form !== AS_SERIAL) return plain.read(words, at)
      return `${hexText(words.bytes, at * 4 + 4, BOOT_BYTES)}-${words.u32[at + 3] ?? 0}`
    },
    write(words, at, value) {
      const start = at * 4
      const form = words.u32[at] ?? 0
      const serial = serialOf(value)
      if (serial !== -1 && writeHex(words.bytes, start + 4, value, 0, BOOT_CHARACTERS)) {
        words.u32[at] = AS_SERIAL
        words.u32[at + 3] = serial
        if (form !== AS_SERIAL) words.bytes.fill(0, start + 16, start + bytes)
        return
      }
      if (writeUuid(words.bytes, start + 4, value)) {
        words.u32[at] = AS_UUID
        if (form !== AS_UUID) words.bytes.fill(0, start + 4 + UUID_BYTES, start + bytes)
        return
      }
      // Whatever was tried above may have left bytes there.
      words.bytes.fill(0, start, start + bytes)
      const first = value.charCodeAt(0)
      const fits = first !== AS_UUID && first !== AS_SERIAL && clip(value, bytes) === value
      plain.write(words, at, fits ? value : '')
    },
  }
}

const DASH = 45
const ZERO = 48
/** Where the groups of a UUID begin and end. */
const GROUPS: readonly (readonly [from: number, to: number])[] = [
  [0, 8],
  [9, 13],
  [14, 18],
  [19, 23],
  [24, 36],
]

/** The serial number after a boot, as it would be written again; -1 for any other text. */
function serialOf(value: string): number {
  const digits = value.length - BOOT_CHARACTERS - 1
  if (digits < 1 || digits > MOST_DIGITS || value.charCodeAt(BOOT_CHARACTERS) !== DASH) return -1
  if (digits > 1 && value.charCodeAt(BOOT_CHARACTERS + 1) === ZERO) return -1
  let serial = 0
  for (let index = BOOT_CHARACTERS + 1; index < value.length; index++) {
    const digit = value.charCodeAt(index) - ZERO
    if (digit < 0 || digit > 9) return -1
    serial = serial * 10 + digit
  }
  return serial <= MOST_SERIAL ? serial : -1
}

function writeUuid(into: Uint8Array, start: number, value: string): boolean {
  if (value.length !== UUID_CHARACTERS) return false
  let at = start
  for (const [from, to] of GROUPS) {
    if (from > 0 && value.charCodeAt(from - 1) !== DASH) return false
    if (!writeHex(into, at, value, from, to)) return false
    at += (to - from) / 2
  }
  return true
}

/** Two digits a byte; false where one is none, or a capital. */
function writeHex(into: Uint8Array, start: number, value: string, from: number, to: number): boolean {
  let at = start
  for (let index = from; index < to; index += 2) {
    const byte = digitOf(value.charCodeAt(index)) * 16 + digitOf(value.charCodeAt(index + 1))
    if (!(byte >= 0)) return false
    into[at++] = byte
  }
  return true
}

/** A hexadecimal digit in lower case; NaN for anything else. */
function digitOf(code: number): number {
  if (code >= ZERO && code <= 57) return code - ZERO
  return code >= 97 && code <= 102 ? code - 87 : Number.NaN
}

function uuidText(bytes: Uint8Array, start: number): string {
  const hex = hexText(bytes, start, UUID_BYTES)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function hexText(bytes: Uint8Array, start: number, length: number): string {
  let hex = ''
  for (let at = start; at < start + length; at++) hex += (bytes[at] ?? 0).toString(16).padStart(2, '0')
  return hex
}
