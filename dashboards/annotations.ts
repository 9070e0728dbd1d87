import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { clickhouse, table } from './clickhouse-query.ts'
import { fromRolled } from './rolled.ts'
import { ofTenant, valueOf } from './variables.ts'

/**
 * What happened on every time axis: rows with `time`, `text` and `tags`.
 * Grafana shows `text` as HTML, so what people name is escaped in it.
 */
function annotation(name: string, colour: string, sql: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(clickhouse)
    .enable(true)
    .iconColor(colour)
    .target(table(sql, 'annotation'))
}

const escaped = (text: string) => `encodeXMLComponent(${text})`

/**
 * From when on each revision of the policy decided; of days that are over, to
 * the hour. The one that a range begins with is no change of it.
 */
export function policyRevisions(): AnnotationQueryBuilder {
  return annotation(
    'Policy revisions',
    'blue',
    `SELECT first_decision AS time, concat('Policy revision ', ${escaped(`substring(revision, 1, 12)`)}) AS text, ['policy'] AS tags FROM (
       SELECT toString(policy_revision) AS revision, min(at) AS first_decision, row_number() OVER (ORDER BY min(at)) AS place
       ${fromRolled('decisions_by_hour')} WHERE origin = 'live' AND policy_revision != '' GROUP BY revision
     ) WHERE place > 1 ORDER BY time LIMIT 100`,
  )
}

/**
 * When attacks began that were found, each with a link to its story in the
 * console. `condition` says which, where not all are meant.
 */
export function attacksFound(condition = 'true'): AnnotationQueryBuilder {
  return annotation(
    'Attacks found',
    'red',
    `SELECT opened_at AS time, concat(${escaped('title')}, '<br><a href="', ${escaped(valueOf('console'))}, '/#/stories/', encodeURLComponent(id), '?tenant=', encodeURLComponent(tenant), '">Open the story</a>') AS text,
       [toString(risk_level), toString(state)] AS tags, title, id AS story
     FROM stories FINAL WHERE ${ofTenant} AND $__timeFilter_ms(opened_at) AND merged_into IS NULL AND ${condition}
     ORDER BY opened_at DESC, id LIMIT 200`,
  )
}
