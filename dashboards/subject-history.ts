import type { PanelBuilder as MapBuilder } from '@grafana/grafana-foundation-sdk/geomap'
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { table } from './clickhouse-query.ts'
import { linked, toResource, toSource } from './links.ts'
import { places, rows } from './panels.ts'
import { usesKept, stays, staysKept } from './subject-terms.ts'
import { REFUSED } from './terms.ts'

/** Where addresses are said to be: to the kilometres that `within_km` says, at best. */
export function placesOfIt(): MapBuilder {
  return places(
    'Places',
    'Where was it, and is one of these places out of its way? A place is as exact as its address is known.',
    'decisions',
  ).withTarget(
    table(
      `SELECT any(enrichment_source_latitude) AS latitude, any(enrichment_source_longitude) AS longitude, toString(enrichment_source_city) AS city, toString(enrichment_source_region) AS region,
         toString(enrichment_source_country) AS country, max(enrichment_source_accuracy_km) AS within_km, sum(n) AS decisions, sumIf(n, ${REFUSED}) AS refused,
         uniq(enrichment_source_prefix) AS networks, min(first_at) AS first_seen, max(last_at) AS last_seen
       ${stays} WHERE enrichment_source_latitude IS NOT NULL AND enrichment_source_longitude IS NOT NULL
       GROUP BY city, region, country ORDER BY decisions DESC LIMIT 200`,
    ),
  )
}

/** What is remembered of it: each thing with the first and the last time, new ones first. */
export function firstSeen(): TableBuilder {
  const panel = rows(
    'First seen',
    'When did it first come with each device, network, country, client and application, in the 90 days up to the end of this range? Decisions are kept no longer: what is older may look new.',
  )
  return linked(linked(panel, 'network', toSource), 'application', toResource).withTarget(
    table(
      `SELECT fact, if(fact = 'network', value, '') AS network, if(fact = 'application', value, '') AS application, if(fact IN ('network', 'application'), '', value) AS other, min(first_at) AS first_seen, first_seen >= $__fromTime_ms AS new_in_range, date_diff('day', min(min(first_at)) OVER (), first_seen) AS days_after_its_first,
         toString(max(last_day)) AS last_seen_day, sum(n) AS decisions
       FROM (
         SELECT n, first_at, toDate(last_at, 'UTC') AS last_day, arrayJoin([('device', device_id), ('network', enrichment_source_prefix), ('country', toString(enrichment_source_country)),
           ('client', trim(concat(toString(enrichment_user_agent_family), ' ', toString(enrichment_user_agent_os))))]) AS seen, seen.1 AS fact, seen.2 AS value
         ${staysKept}
         UNION ALL SELECT n, first_at, toDate(at, 'UTC') AS last_day, ('application', toString(resource_app)) AS seen, seen.1 AS fact, seen.2 AS value ${usesKept}
       ) WHERE value != '' GROUP BY fact, value ORDER BY first_seen DESC, fact, value LIMIT 200`,
    ),
  )
}
