import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { isIt, uses } from './subject-terms.ts'

/**
 * Peers are told by whole days, which are rolled up: those who share a group
 * with it and were there on the last day before the range's last on which it
 * was there itself, or on the range's last where it was there on no other. What
 * they do is told by the three days up to then. Both are worked out once, as
 * constants: who is in `its_peers` as well.
 */
const PEERS =
  'Peers are the fifty that share most groups with it and were there on its last whole day (by UTC), or today if it was never there before; what they do is of the three days up to then.'
const lastDay = `toStartOfDay($__toTime, 'UTC')`
const known = `(SELECT (groupUniqArrayArray(100)(names), maxOrNullIf(toStartOfDay(at, 'UTC'), at < ${lastDay})) ${fromRolled('groups_by_day', { only: isIt })}) AS it,
       it.1 AS its_groups, ifNull(it.2, ${lastDay}) AS its_day, least(its_day + INTERVAL 1 DAY, $__toTime + 1) AS until,
       (SELECT groupArray((subject_id, subject_type, groups_shared, made, newest)) FROM (
         SELECT subject_id, subject_type, arrayIntersect(groupUniqArrayArray(100)(names), its_groups) AS groups_shared, sum(n) AS made, max(last_at) AS newest
         ${fromRolled('groups_by_day', { since: 'its_day', until: 'until' })} WHERE hasAny(names, its_groups) AND NOT ${isIt}
         GROUP BY subject_id, subject_type ORDER BY length(groups_shared) DESC, made DESC, subject_id LIMIT 50
       )) AS its_peers`

/** Each peer with an application and country that it used; a row may come twice. */
const used = fromRolled('subjects_by_day', {
  since: 'its_day - INTERVAL 2 DAY',
  until: 'until',
  repeats: true,
})
/** Asked once, outside of both branches: each mention of the constant is planned by itself, for a tenth of a second. */
const byPeers = `${used} WHERE (subject_id, subject_type) IN (SELECT peer.1, peer.2 FROM (SELECT arrayJoin(its_peers) AS peer))`
const FACTS = `[('application', toString(resource_app)), ('country', toString(enrichment_source_country))]`
const itsApplications = `(SELECT groupUniqArray(500)(toString(resource_app)) ${uses})`

/** Who shares its groups, those first who share most. */
export function peers(): TableBuilder {
  return linked(
    rows(
      'Peers',
      `Who shares groups with it, and how far does their use agree: what do both use, what only this one, what only the peer? ${PEERS} Requests are of that day alone.`,
    ).span(12),
    'peer',
    toSubject,
  ).withTarget(
    table(
      `WITH ${known}, ${itsApplications} AS its
       SELECT concat(about.2, ':', about.1) AS peer, arrayStringConcat(arraySort(about.3), ', ') AS in_groups, arrayStringConcat(arraySort(applications), ', ') AS theirs, length(arrayIntersect(its, applications)) AS used_by_both,
         arrayStringConcat(arraySort(arrayFilter(app -> NOT has(applications, app), its)), ', ') AS only_this_one, arrayStringConcat(arraySort(arrayFilter(app -> NOT has(its, app), applications)), ', ') AS only_the_peer,
         about.4 AS requests, about.5 AS last_seen
       FROM (
         SELECT arrayFirst(each -> each.1 = subject_id AND each.2 = subject_type, its_peers) AS about, groupUniqArray(500)(toString(resource_app)) AS applications
         ${byPeers} GROUP BY subject_id, subject_type
       ) ORDER BY used_by_both DESC, peer LIMIT 50`,
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
      `WITH ${known}
       SELECT if(seen.1 = 'application', seen.2, '') AS application, if(seen.1 = 'country', seen.2, '') AS country, uniqExact(peer) AS peers_who_do, length(its_peers) AS of_peers, sum(n) AS requests, min(first_use) AS first_seen
       FROM (
         SELECT arrayJoin(${FACTS}) AS seen, n, toNullable(first_at) AS first_use, NULL AS peer ${fromRolled('subjects_by_day', { only: isIt })}
         UNION ALL SELECT arrayJoin(${FACTS}) AS seen, 0, NULL, cityHash64(subject_type, subject_id) ${byPeers}
       ) WHERE seen.2 != '' GROUP BY seen HAVING requests > 0 ORDER BY peers_who_do, requests DESC, application, country LIMIT 100`,
    ),
  )
}
