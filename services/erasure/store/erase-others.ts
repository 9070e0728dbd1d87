import { TupleParam } from '@clickhouse/client'
import { isRecord } from '../../../schemas/record.ts'
import { erasedEntity, scrub } from '../../../schemas/scrub.ts'
import type { Entity } from '../../../schemas/entity.ts'
import type { Names } from '../person.ts'
import { list, mutate, rowsOf, wordLists, type Hashed, type StoreTarget } from './statements.ts'
import { quoted } from '../../runtime/clickhouse/quoted.ts'

/** Rows whose texts go with one statement. */
const PAGE = 500

/** What of a row is text, as a record of the log has it. */
interface TextRow {
  readonly place: string
  readonly entities: readonly Entity[]
  readonly texts: Readonly<Record<string, string>>
}

/** Findings and stories: entities lose their names and texts their words; the rows, their figures and times stay. */
export async function eraseFindings(target: StoreTarget, names: Names, hashed: Hashed): Promise<number> {
  const found = await naming(target, names, 'findings', {
    entities: `arrayConcat([(entity_type, entity_id)], arrayZip(entities_type, entities_id))`,
    texts: ['summary', 'evidence'],
  })
  for (const page of pages(found)) {
    const clean = page.map(({ entities: [entity, ...entities], texts }) =>
      scrub({ entity, entities, summary: texts['summary'], evidence: parsed(texts['evidence']) }, names),
    )
    await mutate(
      target,
      'findings',
      `UPDATE ${[
        `entity_id = ${renamed(hashed, 'entity_type', 'entity_id')}`,
        `entities_id = ${renamedList(hashed)}`,
        replacedText('summary', page, clean),
        replacedText('evidence', page, clean),
      ].join(', ')} WHERE ${within(target, page)}`,
    )
  }
  return found.length
}

export async function eraseStories(target: StoreTarget, names: Names, hashed: Hashed): Promise<number> {
  const found = await naming(target, names, 'stories', {
    entities: `arrayZip(entities_type, entities_id)`,
    texts: ['title'],
  })
  for (const page of pages(found)) {
    const clean = page.map(({ entities, texts }) => scrub({ entities, title: texts['title'] }, names))
    await mutate(
      target,
      'stories',
      `UPDATE entities_id = ${renamedList(hashed)}, ${replacedText('title', page, clean)} WHERE ${within(target, page)}`,
    )
  }
  return found.length
}

/** Verdicts about the person: the judgement stays, under no name. The entity is in the sort key, hence a twin. */
export async function eraseVerdicts(target: StoreTarget, names: Names, hashed: Hashed): Promise<number> {
  const { client, tenant } = target
  const where = `tenant = {tenant:String} AND (entity_type, entity_id) IN {entities:Array(Tuple(String, String))}`
  const params = { tenant, ...entityParams(names) }
  const [count] = await rowsOf<{ n: number }>(
    client,
    `SELECT count() AS n FROM verdicts WHERE ${where}`,
    params,
  )
  if ((count?.n ?? 0) === 0) return 0
  const subject = erasedEntity({ type: 'subject', id: names.entity_id }).id
  await client.command({
    query: `INSERT INTO verdicts SELECT * REPLACE (if(entity_type = 'subject', {subject:String}, 'erased') AS entity_id, '' AS note)
            FROM verdicts WHERE ${where}`,
    query_params: { ...params, subject },
    clickhouse_settings: { insert_deduplicate: 0 },
  })
  await mutate(
    target,
    'verdicts',
    `DELETE WHERE tenant = ${quoted(tenant)} AND ${isOwn(hashed, 'entity_type', 'entity_id')}`,
  )
  return count?.n ?? 0
}

/** The curve of the person's risk: without the person it is nobody's, and two erased persons would be one curve. */
export async function eraseRisk(target: StoreTarget, names: Names, hashed: Hashed): Promise<number> {
  const { client, tenant } = target
  const where = `tenant = {tenant:String} AND (entity_type, entity_id) IN {entities:Array(Tuple(String, String))}`
  const [count] = await rowsOf<{ n: number }>(client, `SELECT count() AS n FROM risk_states WHERE ${where}`, {
    tenant,
    ...entityParams(names),
  })
  if ((count?.n ?? 0) === 0) return 0
  await mutate(
    target,
    'risk_states',
    `DELETE WHERE tenant = ${quoted(tenant)} AND ${isOwn(hashed, 'entity_type', 'entity_id')}`,
  )
  return count?.n ?? 0
}

/** The rows of a table that name the person, by entity or in a text. */
async function naming(
  { client, tenant }: StoreTarget,
  names: Names,
  table: string,
  columns: { readonly entities: string; readonly texts: readonly string[] },
): Promise<TextRow[]> {
  const some = columns.texts.map((text) => `multiSearchAny(${text}, {words:Array(String)})`).join(' OR ')
  type Found = { place: string; entities: [Entity['type'], string][] } & Record<string, unknown>
  const found = new Map<string, Found>()
  for (const words of wordLists(names))
    for (const row of await rowsOf<Found>(
      client,
      `SELECT concat(id, '/', toString(revision)) AS place, ${columns.entities} AS entities, ${columns.texts.join(', ')} FROM ${table}
     WHERE tenant = {tenant:String} AND (arrayExists(e -> (e.1, e.2) IN {entities:Array(Tuple(String, String))}, ${columns.entities}) OR ${some})`,
      { tenant, ...entityParams(names), words },
    ))
      found.set(row.place, row)
  return [...found.values()].flatMap(({ place, entities, ...texts }) => {
    const row = {
      place,
      entities: entities.map(([type, id]) => ({ type, id })),
      texts: Object.fromEntries(columns.texts.map((text) => [text, String(texts[text])])),
    }
    const concerned =
      row.entities.some((entity) => names.has(entity)) ||
      columns.texts.some((text) => names.inBytes(Buffer.from(row.texts[text] ?? ''), true))
    return concerned ? [row] : []
  })
}

function entityParams(names: Names): { entities: unknown } {
  return { entities: names.entities.map(({ type, id }) => new TupleParam([type, id])) }
}

function isOwn(hashed: Hashed, type: string, id: string): string {
  return `${hashed.of(type, id)} IN (${hashed.all.join(', ')})`
}

function renamed(hashed: Hashed, type: string, id: string): string {
  return `if(${isOwn(hashed, type, id)}, if(${type} = 'subject', concat(splitByChar(':', ${id})[1], ':erased'), 'erased'), ${id})`
}

function renamedList(hashed: Hashed): string {
  return `arrayMap((t, e) -> ${renamed(hashed, 't', 'e')}, entities_type, entities_id)`
}

function replacedText(column: string, page: readonly TextRow[], clean: readonly unknown[]): string {
  const texts = clean.map((each) => {
    const text = isRecord(each) ? each[column] : ''
    return typeof text === 'string' ? text : JSON.stringify(text)
  })
  return `${column} = transform(concat(id, '/', toString(revision)), ${list(page.map(({ place }) => place))}, ${list(texts)}, ${column})`
}

function within({ tenant }: StoreTarget, page: readonly TextRow[]): string {
  return `tenant = ${quoted(tenant)} AND concat(id, '/', toString(revision)) IN (${page.map(({ place }) => quoted(place)).join(', ')})`
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '{}')
  } catch {
    return {}
  }
}

function* pages<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += PAGE) yield all.slice(at, at + PAGE)
}
