import { isRecord } from '../../schemas/record.ts'

/**
 * Bytes of a value's JSON as `JSON.stringify` writes it, where no character
 * needs an escape or more than a byte; else fewer. NaN where a number's text
 * could be shorter than that (1e3 for 1000), or not the only one: then nothing
 * can be told.
 *
 * Text that parses to a value is never shorter than this. So text of just this
 * length holds no blank, no escape and no key twice: it says to every reader
 * what writing the value anew would say, at a third of the cost of writing it.
 *
 * @example plainLength({ a: [1, 'b'] }) // 13, as long as {"a":[1,"b"]}
 */
export function plainLength(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'number') return numberLength(value)
  if (typeof value === 'boolean') return value ? 4 : 5
  let length = 2
  let members = 0
  if (Array.isArray(value)) {
    for (const each of value) length += plainLength(each)
    members = value.length
  } else if (isRecord(value)) {
    for (const key in value) {
      length += key.length + 3 + plainLength(value[key])
      members++
    }
  } else return NULL_BYTES
  return members > 1 ? length + members - 1 : length
}

const NULL_BYTES = 4
/** From here on two texts of one length may be one double. */
const MOST_DIGITS = 16

function numberLength(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3
  if (value % 1000 === 0 || Math.abs(value) < 0.01 || !(Math.abs(value) <= Number.MAX_SAFE_INTEGER))
    return Number.NaN
  const { length } = String(value)
  return length > MOST_DIGITS ? Number.NaN : length
}
