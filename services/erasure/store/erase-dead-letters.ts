import { erasedDecisionRecord } from '../../../schemas/erased-decision.ts'
import type { Names } from '../person.ts'
import { list, mutate, rowsOf, wordLists, type StoreTarget } from './statements.ts'

interface LetterRow {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly place: string
  readonly key: string
  readonly detail: string
  readonly value_base64: string
}

/** Letters of one look, up to 85 KB each. */
const PAGE = 200

/**
 * Dead letters: original bytes, which may hold anything. One that is a decision
 * stays as an erased one, since its number in its chain is proven by it; of
 * others the bytes go. They have no tenant, so every one that holds a name is
 * taken for the person's.
 */
export async function eraseDeadLetters(target: StoreTarget, names: Names): Promise<number> {
  let erased = 0
  for (const words of wordLists(names))
    for (let after: LetterRow | null = null; ;) {
      const rows: LetterRow[] = await lettersAfter(target, after, words)
      erased += await eraseLetters(target, rows, names)
      after = rows.at(-1) ?? null
      if (after === null || rows.length < PAGE) break
    }
  return erased
}

function lettersAfter(
  { client }: StoreTarget,
  after: LetterRow | null,
  words: readonly string[],
): Promise<LetterRow[]> {
  return rowsOf<LetterRow>(
    client,
    `SELECT topic, partition, offset, ${PLACE} AS place, key, detail, value_base64 FROM dead_letters
     WHERE (topic, partition, offset) > ({topic:String}, {partition:Int64}, {offset:Int64})
       AND (multiSearchAny(base64Decode(value_base64), {words:Array(String)})
         OR multiSearchAny(key, {words:Array(String)}) OR multiSearchAny(detail, {words:Array(String)}))
     ORDER BY topic, partition, offset LIMIT 1 BY topic, partition, offset LIMIT ${PAGE}`,
    {
      topic: after?.topic ?? '',
      partition: after?.partition ?? -1,
      offset: after?.offset ?? -1,
      words,
    },
  )
}

/** Of letters that hold a word those that hold a name. */
async function eraseLetters(
  target: StoreTarget,
  letters: readonly LetterRow[],
  names: Names,
): Promise<number> {
  const found = letters.filter(
    ({ key, detail, value_base64 }) =>
      [key, detail].some((text) => names.inBytes(Buffer.from(text), true)) ||
      names.inBytes(Buffer.from(value_base64, 'base64'), true),
  )
  if (found.length === 0) return 0
  const places = list(found.map(({ place }) => place))
  const values = list(found.map(({ value_base64 }) => Buffer.from(without(value_base64)).toString('base64')))
  await mutate(
    target,
    'dead_letters',
    `UPDATE value_base64 = transform(${PLACE}, ${places}, ${values}, value_base64), detail = '' WHERE has(${places}, ${PLACE})`,
  )
  const keyed = found.filter(({ key }) => names.inBytes(Buffer.from(key), true))
  if (keyed.length > 0)
    await mutate(
      target,
      'dead_letters',
      `UPDATE key = 'erased' WHERE has(${list(keyed.map(({ place }) => place))}, ${PLACE})`,
    )
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
