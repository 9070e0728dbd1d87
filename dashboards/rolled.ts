import { ROLL_UPS, type RollUp, STORED } from './roll-ups.ts'
import { ofTenant } from './variables.ts'

/** The first day of the range that is in it as a whole; a range may begin within a day's first second. */
export const firstDay = (since = '$__fromTime_ms') =>
  `toStartOfDay(${since} - toIntervalMillisecond(1), 'UTC') + INTERVAL 1 DAY`

/** Columns that a reader filters by are in decisions alone: then nothing is read from roll-ups. */
const FILTERED = `mapContains(getSetting('additional_table_filters'), 'decisions')`

/** Before all decisions; a day can be taken off it. */
const BEFORE_ALL = `toDateTime(86400, 'UTC')`

interface Pending {
  readonly whose?: string
  readonly until?: string
  readonly generation?: number | undefined
}

/** The first day that lacks the first roll-ups, and the one that lacks the second: one query for all of a panel's tables. */
const firstDaysPending = (
  whose: string,
) => `(SELECT (minOrNullIf(day, rolled = toDateTime64(0, 3, 'UTC')), minOrNullIf(day, rolled_up_with < 2))
    FROM (SELECT day, max(rolled_at) AS rolled, max(generation) AS rolled_up_with FROM decision_days WHERE ${whose} GROUP BY day HAVING max(stored_at) > toDateTime64(0, 3, 'UTC')))`

/** The first day that is not rolled up, or that of the range's end; none is where the reader filters decisions. */
export function pendingOf({ whose = ofTenant, until = '$__toTime', generation }: Pending = {}): string {
  const today = `toStartOfDay(now(), 'UTC')`
  const first = `${firstDaysPending(whose)}.${generation ?? 1}`
  return `if(${FILTERED}, ${BEFORE_ALL}, least(toStartOfDay(${until}, 'UTC'), ${today}, ifNull(toDateTime(${first}, 'UTC'), ${today})))`
}

/** Columns over time in steps of less than an hour are not to be had from a roll-up. */
export const overSteps = (pending: string) => `if($__interval_s < 3600, ${BEFORE_ALL}, ${pending})`

interface RolledOptions {
  /** The query has a column for each step of time, or for each hour however long the range is. */
  readonly overTime?: boolean | 'hours'
  /** What the range begins with, in SQL, where that is not the dashboard's. */
  readonly since?: string
  /** What it ends before, likewise. */
  readonly until?: string
  /** Decisions of all tenants, canaries too: a gateway numbers them in one sequence. */
  readonly everyTenant?: boolean
  /** Whose rows, by columns of either's key: the others are not read. */
  readonly only?: string
  /** An instant that no row may stand for both sides of: the hour around it is counted from decisions. */
  readonly cutAt?: string
  /** A row may come twice, where nothing is counted: that spares merging while reading. */
  readonly repeats?: boolean
}

/**
 * `FROM` all decisions of the range, as rows of a roll-up: each stands for `n`
 * of them, without copies. What is rolled up is read from there, the rest from
 * the decisions; the bounds are constants, so that of either only what is
 * needed is read.
 */
export function fromRolled(table: RollUp, options: RolledOptions = {}): string {
  const { overTime = false, since, until, everyTenant = false, only, cutAt, repeats = false } = options
  const whose = everyTenant ? 'true' : ofTenant
  const { at, same, made, ...rest } = ROLL_UPS[table]
  const first = firstDay(since)
  const generation = 'generation' in rest ? rest.generation : undefined
  const pending = pendingOf({ whose, generation, ...(until !== undefined && { until }) })
  const rolledUntil = overTime === true ? overSteps(pending) : pending
  const inRange =
    since === undefined && until === undefined
      ? '$__timeFilter_ms(decided_at)'
      : `decided_at >= ${since ?? '$__fromTime_ms'} AND ${until === undefined ? 'decided_at <= $__toTime_ms' : `decided_at < ${until}`}`
  const condition = 'of' in rest ? ` AND ${rest.of}` : ''
  const expressions = Object.entries(made).map(([name, expression]) => `${expression} AS ${name}`)
  const stored = Object.keys(made).map((name) => (name in STORED ? `${STORED[name]} AS ${name}` : name))
  // A day compared with an instant would become one for each row.
  const bound = (instant: string) => (at === 'day' ? `toDate(${instant}, 'UTC')` : instant)
  const byHour = 'hours' in rest && overTime !== false
  const counted = (n: string) => (table === 'subjects_by_hour' ? '' : `${n} AS n, `)
  const final = repeats ? '' : ' FINAL'
  const hourOfCut = `toStartOfHour(${cutAt ?? ''}, 'UTC')`
  const orAtCut =
    cutAt === undefined
      ? ''
      : ` OR (decided_at >= ${hourOfCut} AND decided_at < ${hourOfCut} + INTERVAL 1 HOUR)`
  const butAtCut = cutAt === undefined ? '' : ` AND ${at} != ${hourOfCut}`
  // Behind an ARRAY JOIN no key and no partition is told by WHERE.
  const days = `${at} >= ${bound(first)} AND ${at} < ${bound(rolledUntil)}`
  const before = only === undefined ? '' : `PREWHERE ${only} `
  return `FROM (
    SELECT toDateTime(decided_at, 'UTC') AS at, ${counted('toUInt64(1)')}${[same, ...expressions].join(', ')}
    FROM decisions${final} ${before}WHERE ${whose} AND ${inRange}${condition}
      AND (decided_at < ${first} OR decided_at >= ${rolledUntil}${orAtCut})
    UNION ALL
    SELECT ${byHour ? `toDateTime(day, 'UTC') + hour_of_day * 3600 AS at, ${counted('hour_decisions')}` : `toDateTime(${at}, 'UTC') AS at, ${counted('decisions')}`}${[same, ...stored].join(', ')}
    FROM ${table}${final} ${byHour ? `ARRAY JOIN mapKeys(hours) AS hour_of_day, mapValues(hours) AS hour_decisions PREWHERE ${days} ${only === undefined ? '' : `AND ${only} `}` : before}WHERE ${whose} AND ${days}${butAtCut}
  )`
}

/** How many different subjects `subject_set` of these rows hold. */
export const SUBJECTS = 'uniqCombinedMerge(12)(subject_set)'
/** How many different resources the bits of these rows stand for: linear counting, of some two hundred at most. */
export const RESOURCES = `toUInt64(round(-64 * log(greatest(64 - bitCount(groupBitOr(resource_bits)), 1) / 64)))`
/** Said where figures are of `SUBJECTS`. */
export const ABOUT = 'Subjects are told within some three percent, from a few hundred on.'
