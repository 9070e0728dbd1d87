import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { decisions, isIt } from './subject-terms.ts'
import { SUBJECT } from './terms.ts'
import { ofTenant } from './variables.ts'

/** Peers are told by one day, since groups are in decisions alone: a day of them is read, not all of the range. */
const PEERS = 'Peers share a group with it, and were there on its last day in this range.'
const lastDay = `decided_at >= (SELECT max(decided_at) ${decisions}) - INTERVAL 1 DAY AND decided_at <= (SELECT max(decided_at) ${decisions})`
const groups = `(SELECT groupUniqArrayArray(100)(subject_groups) ${decisions})`
const peersOfIt = `SELECT subject_type, subject_id, arrayIntersect(groupUniqArrayArray(100)(subject_groups), ${groups}) AS groups_shared
  FROM decisions WHERE ${ofTenant} AND ${lastDay} AND subject_type != 'anonymous' AND hasAny(subject_groups, ${groups}) AND NOT ${isIt}
  GROUP BY subject_type, subject_id ORDER BY length(groups_shared) DESC, count() DESC LIMIT 300`
const itsApplications = `(SELECT groupUniqArray(500)(toString(resource_app)) ${decisions})`

/** Who shares its groups, those first who share most. */
export function peers(): TableBuilder {
  return linked(
    rows(
      'Peers',
      `Who shares groups with it, and how far does their use agree: what do both use, what only this one, what only the peer? ${PEERS}`,
    ).span(12),
    'peer',
    toSubject,
  ).withTarget(
    table(
      `WITH ${itsApplications} AS its
       SELECT ${SUBJECT} AS peer, arrayStringConcat(arraySort(any(groups_shared)), ', ') AS in_groups, arraySort(groupUniqArray(500)(toString(resource_app))) AS theirs,
         length(arrayIntersect(its, theirs)) AS used_by_both, arrayStringConcat(arraySort(arrayFilter(app -> NOT has(theirs, app), its)), ', ') AS only_this_one,
         arrayStringConcat(arrayFilter(app -> NOT has(its, app), theirs), ', ') AS only_the_peer, sum(n) AS requests, max(last_at) AS last_seen
       ${fromRolled('subjects_by_day')} AS used INNER JOIN (${peersOfIt}) AS known USING (subject_type, subject_id)
       GROUP BY peer ORDER BY used_by_both DESC, peer LIMIT 50`,
    ),
  )
}

/** What it does that no peer, or hardly one, does. */
export function unlikePeers(): TableBuilder {
  return linked(
    rows(
      'Unlike its peers',
      `Which applications and countries does it use that no peer does, or hardly one? Those of no peer stand first. ${PEERS}`,
    ).span(12),
    'application',
    toResource,
  ).withTarget(
    table(
      `WITH (SELECT groupArray((subject_type, subject_id)) FROM (${peersOfIt})) AS its_peers
       SELECT if(seen.1 = 'application', seen.2, '') AS application, if(seen.1 = 'country', seen.2, '') AS country, uniqIf((subject_type, subject_id), NOT ${isIt}) AS peers_who_do, length(its_peers) AS of_peers,
         sumIf(n, ${isIt}) AS requests, minIf(first_at, ${isIt}) AS first_seen
       FROM (
         SELECT subject_type, subject_id, n, first_at, arrayJoin([('application', toString(resource_app)), ('country', toString(enrichment_source_country))]) AS seen
         ${fromRolled('subjects_by_day')} WHERE ${isIt} OR has(its_peers, (subject_type, subject_id))
       ) WHERE seen.2 != '' GROUP BY application, country HAVING requests > 0 ORDER BY peers_who_do, requests DESC, application, country LIMIT 100`,
    ),
  )
}
