import { erasedDecisionRecord } from '../../../schemas/erased-decision.ts'
import type { Names } from '../person.ts'
import { list, mutate, rowsOf, type StoreTarget } from './statements.ts'

interface LetterRow {
  readonly place: string
  readonly key: string
  readonly detail: string
  readonly value_base64: string
}

/** Words that ClickHouse searches for at once. */
const MOST_WORDS = 255
const PAGE = 200

/**
 * Dead letters: original bytes, which may hold anything. One that is a decision
 * stays as an erased one, since its number in its chain is proven by it; of
 * others the bytes go. They have no tenant, so every one that holds a name is
 * taken for the person's.
 */
export async function eraseDeadLetters(target: StoreTarget, names: Names): Promise<number> {
  const words = [names.person.subject.id, ...names.entities.slice(1).map(({ id }) => id)]
  const rows = await rowsOf<LetterRow>(
    target.client,
    `SELECT ${PLACE} AS place, key, detail, value_base64 FROM dead_letters
     WHERE multiSearchAny(base64Decode(value_base64), {words:Array(String)})
        OR multiSearchAny(key, {words:Array(String)}) OR multiSearchAny(detail, {words:Array(String)})`,
    { words: words.slice(0, MOST_WORDS) },
  )
  const found = rows.filter(
    ({ key, detail, value_base64 }) =>
      [key, detail].some((text) => names.inBytes(Buffer.from(text), true)) ||
      names.inBytes(Buffer.from(value_base64, 'base64'), true),
  )
  for (let at = 0; at < found.length; at += PAGE) {
    const page = found.slice(at, at + PAGE)
    const places = list(page.map(({ place }) => place))
    const values = list(page.map(({ value_base64 }) => Buffer.from(without(value_base64)).toString('base64')))
    await mutate(
      target,
      'dead_letters',
      `UPDATE value_base64 = transform(${PLACE}, ${places}, ${values}, value_base64), detail = '' WHERE has(${places}, ${PLACE})`,
    )
    const keyed = page.filter(({ key }) => names.inBytes(Buffer.from(key), true))
    if (keyed.length > 0)
      await mutate(
        target,
        'dead_letters',
        `UPDATE key = 'erased' WHERE has(${list(keyed.map(({ place }) => place))}, ${PLACE})`,
      )
  }
  return found.length
}

const PLACE = `concat(topic, '/', toString(partition), '/', toString(offset))`

function without(base64: string): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
    return JSON.stringify(erasedDecisionRecord(value) ?? { erased: true })
  } catch {
    return JSON.stringify({ erased: true })
  }
}
