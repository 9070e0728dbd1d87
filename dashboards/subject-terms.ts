import { fromRolled } from './rolled.ts'
import { ofTenant, valueOf } from './variables.ts'

const typed = valueOf('subject')
const TYPES = `['user', 'service', 'device', 'anonymous']`

/** The id without its type, worked out once as a constant, so that keys and indexes on the bare columns serve. */
export const id = `replaceRegexpOne(${typed}, '^(user|service|device|anonymous):', '')`

/** The type that was typed, or all of them, as a constant for the same reason. */
export const types = `if(match(${typed}, '^(user|service|device|anonymous):'), [extract(${typed}, '^[a-z]+')], ${TYPES})`

/** As findings and risk name it. */
const entityIds = `arrayMap(type -> concat(type, ':', ${id}), ${types})`

export const isIt = `(subject_type IN (${types}) AND subject_id = ${id})`

/** Whose rows are meant: the columns by which the store finds one subject without reading the others. */
const whose = `${ofTenant} AND ${isIt}`

/** Its newest decisions, one by one, at least so many: only the hours are read in which it made them. */
export const newestDecisions = (
  most: number,
) => `FROM decisions WHERE ${whose} AND $__timeFilter_ms(decided_at) AND toStartOfHour(decided_at) IN (
     SELECT hour FROM (
       SELECT hour, sum(made) OVER (ORDER BY hour DESC ROWS UNBOUNDED PRECEDING) - made AS later FROM (
         SELECT toStartOfHour(at) AS hour, sum(n) AS made ${fromRolled('stays_by_day', { only: isIt, overTime: 'hours' })} GROUP BY hour
       )
     ) WHERE later < ${most}
   )`

/** Where it was and with what, as rows that each stand for `n` decisions. */
export const stays = fromRolled('stays_by_day', { only: isIt })
export const staysOverTime = fromRolled('stays_by_day', { only: isIt, overTime: true })

/** What it asked for, likewise. */
export const uses = fromRolled('uses_by_day', { only: isIt })

/** All that is kept of it, whatever range is looked at: what is new in the range is not in what lies before. */
const since = '$__toTime - INTERVAL 90 DAY'
export const staysKept = fromRolled('stays_by_day', { only: isIt, since })
export const usesKept = fromRolled('uses_by_day', { only: isIt, since })

export const risk = `FROM risk_states WHERE ${ofTenant} AND entity_type = 'subject' AND has(${entityIds}, entity_id) AND $__timeFilter_ms(updated_at)`

export const findings = `FROM findings FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at)
  AND ((entity_type = 'subject' AND has(${entityIds}, entity_id)) OR hasAny(entities_id, ${entityIds}))`

export const verdicts = `FROM verdicts WHERE ${ofTenant} AND entity_type = 'subject' AND has(${entityIds}, entity_id) AND $__timeFilter_ms(decided_at)`

/** Stories that name it. */
export const storyOfIt = `hasAny(entities_id, ${entityIds})`
