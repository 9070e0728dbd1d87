import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource, toSubject } from './links.ts'
import { rows } from './panels.ts'
import { fromRolled } from './rolled.ts'
import { isIt, uses } from './subject-terms.ts'
import { ofTenant } from './variables.ts'

/**
 * Peers are told by the last day before the range's last on which it was there
 * itself, or by the range's last where it was there on no other; what they do by
 * the three days up to then. These are rolled up, so that of nobody's decisions
 * but its own any are read.
 */
const PEERS =
  'Peers are the fifty that share most groups with it and were there on its last whole day (by UTC), or today if it was never there before; what they do is of the three days up to then.'
const today = `toStartOfDay($__toTime, 'UTC')`
const lastDay = `ifNull((SELECT toDateTime(maxOrNull(day), 'UTC') FROM groups_by_day PREWHERE ${isIt}
       WHERE ${ofTenant} AND day >= toDate(least($__fromTime, ${today} - INTERVAL 7 DAY), 'UTC') AND day < toDate(${today}, 'UTC')), ${today}) AS its_day`
const until = 'least(its_day + INTERVAL 1 DAY, $__toTime + 1)'
const nearest = `SELECT subject_id, subject_type, arrayIntersect(named, its_groups) AS shared, made, newest, least(count() OVER (), 50) AS found
         FROM (
           SELECT subject_id, subject_type, groupUniqArrayArray(100)(names) AS named, sum(n) AS made, max(last_at) AS newest, groupUniqArrayArrayIf(named, ${isIt}) OVER () AS its_groups
           ${fromRolled('groups_by_day', { since: 'its_day', until })} GROUP BY subject_id, subject_type
         ) WHERE notEmpty(shared) AND NOT ${isIt} ORDER BY length(shared) DESC, made DESC, subject_id LIMIT 50`

/** Each peer with an application and country that it used; a row may come twice. Joined, since to plan a list of fifty takes longer. */
const byPeers = `FROM (SELECT * ${fromRolled('subjects_by_day', { since: 'its_day - INTERVAL 2 DAY', until, repeats: true })}) AS used
         INNER JOIN (${nearest}) AS peers USING (subject_id, subject_type)`
const FACTS = `[('application', toString(resource_app)), ('country', toString(enrichment_source_country))]`
const applications = 'arraySort(groupUniqArray(500)(toString(resource_app)))'

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
      `WITH ${lastDay}
       SELECT concat(subject_type, ':', subject_id) AS peer, arrayStringConcat(arraySort(shared), ', ') AS in_groups, arrayStringConcat(used_there, ', ') AS theirs, length(arrayIntersect(its, used_there)) AS used_by_both,
         arrayStringConcat(arrayFilter(app -> NOT has(used_there, app), its), ', ') AS only_this_one, arrayStringConcat(arrayFilter(app -> NOT has(its, app), used_there), ', ') AS only_the_peer,
         requests, last_seen
       FROM (
         SELECT subject_type, subject_id, any(peers.shared) AS shared, any(made) AS requests, any(newest) AS last_seen, ${applications} AS used_there, (SELECT ${applications} ${uses}) AS its
         ${byPeers} GROUP BY subject_type, subject_id
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
      `WITH ${lastDay}
       SELECT if(seen.1 = 'application', seen.2, '') AS application, if(seen.1 = 'country', seen.2, '') AS country, peers_who_do, of_peers, requests, first_seen
       FROM (
         SELECT seen, uniqExact(who) AS peers_who_do, max(max(found)) OVER () AS of_peers, sum(n) AS requests, min(first_use) AS first_seen
         FROM (
           SELECT arrayJoin(${FACTS}) AS seen, n, toNullable(first_at) AS first_use, NULL AS who, 0 AS found ${fromRolled('subjects_by_day', { only: isIt })}
           UNION ALL SELECT arrayJoin(${FACTS}) AS seen, 0, NULL, cityHash64(subject_type, subject_id), found ${byPeers}
         ) WHERE seen.2 != '' GROUP BY seen
       ) WHERE requests > 0 ORDER BY peers_who_do, requests DESC, application, country LIMIT 100`,
    ),
  )
}
