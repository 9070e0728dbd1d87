const NAME = 'additional_table_filters'
const TEXT = String.raw`'(?:[^'\\]|\\[\s\S])*'`
/** The clause at the very end, with nothing in it but literals; a client may have put its FORMAT behind it. */
const CLAUSE = new RegExp(
  String.raw`\sSETTINGS\s+${NAME}\s*=\s*(\{\s*(?:${TEXT}\s*:\s*${TEXT}\s*(?:,\s*)?)*\})(\s*(?:;\s*)?(?:FORMAT\s+\w+\s*(?:;\s*)?)?)$`,
  'i',
)

/**
 * Takes Grafana's ad-hoc filters out of a query and puts them among its
 * settings. Who can only read sets nothing within a query (`readonly = 1`), but
 * may say beforehand by which rows of a table: that only narrows. What is
 * written in any other way stays, and the engine refuses it.
 *
 * @see https://clickhouse.com/docs/operations/settings/settings#additional_table_filters
 */
export function withFiltersAhead<Request extends { text: Buffer; settings: ReadonlyMap<string, string> }>(
  request: Request,
): Request {
  if (!request.text.includes(NAME)) return request
  const sql = request.text.toString()
  const clause = CLAUSE.exec(sql)
  if (clause === null) return request
  const [, filters = '{}', behind = ''] = clause
  return {
    ...request,
    text: Buffer.from(`${sql.slice(0, clause.index)}${behind}`),
    settings: new Map(request.settings).set(NAME, filters),
  }
}
