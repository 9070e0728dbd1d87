import type { Piece } from './shape.ts'

/** Enforcement points; rows go round among them. */
const GATEWAYS = 3
const PEOPLE = 10_000
const SERVICES = 200

/** A draw from [0, 1) that the row's number fixes, so that a piece that is repeated is the same. */
const drawn = (salt: number) => `(cityHash64(n, ${salt}) / 18446744073709551616.)`
const among = (values: readonly string[], index: string) =>
  `[${values.map((value) => `'${value}'`).join(',')}][1 + (${index})]`
const hex = (expression: string) => `lower(hex(${expression}))`

const APPS = `wiki records deploy mail crm billing search admin tickets payroll
  git builds metrics vault travel chat calendar learning storage orders`.split(/\s+/)
const PLACES: readonly (readonly [string, string, string, number, number])[] = [
  ['Berlin', 'Land Berlin', 'DE', 52.5196, 13.4069],
  ['Hamburg', 'Hamburg', 'DE', 53.5544, 9.9946],
  ['Leipzig', 'Saxony', 'DE', 51.3407, 12.3747],
  ['Vienna', 'Vienna', 'AT', 48.2077, 16.3705],
  ['Zurich', 'Zurich', 'CH', 47.3682, 8.5671],
  ['Lyon', 'Rhone', 'FR', 45.7485, 4.8467],
  ['Utrecht', 'Utrecht', 'NL', 52.0907, 5.1222],
  ['Leeds', 'England', 'GB', 53.7965, -1.5478],
  ['Austin', 'Texas', 'US', 30.2672, -97.7431],
  ['Toronto', 'Ontario', 'CA', 43.6548, -79.3885],
  ['Birigui', 'Sao Paulo', 'BR', -21.2922, -50.3428],
  ['Melbourne', 'Victoria', 'AU', -37.8136, 144.963],
]
const PROVIDERS = Array.from({ length: 40 }, (_, index) => `Provider ${index} Ltd`)
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT']
const SYSTEMS = ['Windows', 'macOS', 'Linux']
const AGENT_SYSTEMS = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
]

/** What a row is made from, each from what stands before it: expression, name. */
function facts({ first, weekFirst, week, hours }: Piece): readonly (readonly [string, string])[] {
  const ends: number[] = []
  for (const { rows } of hours) ends.push((ends.at(-1) ?? 0) + rows)
  const starts = [0, ...ends.slice(0, -1)]
  const revision = (days: string) => hex(`cityHash64('revision', intDiv(${days}, 11))`)
  return [
    ['number', 'n'],
    [`n - ${first}`, 'j'],
    [`arrayFirstIndex(e -> e > j, [${ends.join(',')}])`, 'h'],
    [
      `toInt64([${hours.map(({ startS }) => startS * 1000).join(',')}][h] + toInt64((j - [${starts.join(',')}][h] + ${drawn(1)}) / [${hours.map(({ rows }) => Math.max(1, rows)).join(',')}][h] * [${hours.map(({ spanS }) => spanS * 1000).join(',')}][h]))`,
      'at_ms',
    ],
    ['intDiv(at_ms, 86400000)', 'day'],
    // people about as Zipf has it, the busiest with two in a thousand of all; services are few and talk much
    [`${drawn(2)} < 0.15`, 'machine'],
    [`toUInt32(if(machine, pow(${drawn(3)}, 2) * ${SERVICES}, pow(${drawn(3)}, 1.5) * ${PEOPLE}))`, 'who'],
    [`if(machine, 0, toUInt8(pow(${drawn(4)}, 3) * 3))`, 'place'],
    // somebody guesses at accounts, from few networks
    [`not machine AND ${drawn(5)} < 0.002`, 'guessed'],
    [`toUInt32(if(guessed, 1000000 + cityHash64(n, 5) % 60, who))`, 'comer'],
    [`(who * 7 + toUInt32(pow(${drawn(6)}, 2) * 5)) % ${APPS.length}`, 'app_n'],
    [`toUInt8(pow(${drawn(7)}, 2) * 12)`, 'page'],
    [drawn(8), 'fate'],
    [
      `multiIf(guessed, 'deny', fate < 0.03, 'deny', fate < 0.036, 'step_up', fate < 0.0362, 'revoke', fate < 0.0363, 'error_open', fate < 0.0364, 'error_closed', 'permit')`,
      'end',
    ],
    [
      `multiIf(guessed, if(n % 3 = 0, 'account_unknown', 'credentials_rejected'), fate < 0.02, 'policy_deny', fate < 0.025, 'no_rule_matched', fate < 0.028, 'device_tier_too_low', fate < 0.03, 'risk_high', fate < 0.036, 'step_up_required', fate < 0.0362, 'risk_revoke', fate < 0.0364, 'policy_error', 'policy_permit')`,
      'why',
    ],
    [among(APPS, 'app_n'), 'app'],
    [`n % ${GATEWAYS}`, 'gateway'],
    [`intDiv(n, ${GATEWAYS}) - intDiv(${weekFirst}, ${GATEWAYS})`, 'seq'],
    [hex(`cityHash64('boot', gateway, ${week})`), 'boot'],
    [`cityHash64(who, machine, place, intDiv(at_ms, 28800000))`, 'session'],
    [`cityHash64(comer, machine, place)`, 'net'],
    [
      `concat(toString(1 + net % 220), '.', toString(bitShiftRight(net, 8) % 256), '.', toString(bitShiftRight(net, 16) % 256))`,
      'net_text',
    ],
    [`cityHash64(comer, machine) % ${PLACES.length}`, 'town'],
    [`(who + place) % 3`, 'system_n'],
    [`toString(128 + intDiv(day, 28) % 20 - who % 3)`, 'browser'],
    [
      `if(place = 2 AND who % 40 = 0, concat('kiosk-', toString(who % 400)), concat('device-', toString(who), '-', toString(place)))`,
      'device',
    ],
    [`machine OR guessed OR who % 9 = 8`, 'bare'],
    [`cityHash64(device, intDiv(day, 20)) % 60 = 0`, 'fallen'],
    [`toUInt64(${drawn(9)} * 5000)`, 'age'],
    [`[concat('team-', toString(who % 40)), concat('site-', toString(who % 7)), 'staff']`, 'groups'],
    [revision('day'), 'revision'],
  ]
}

/** Column by column, as the gateway writes and the first stage enriches a decision, and storage keeps it. */
function columns({ week }: Piece): readonly (readonly [string, string])[] {
  const place = (index: number) => `[${PLACES.map((each) => `'${each[index]}'`).join(',')}][1 + town]`
  const number = (index: number) => `[${PLACES.map((each) => each[index]).join(',')}][1 + town]`
  return [
    ['schema_version', '1'],
    ['id', `concat(boot, '-', toString(seq))`],
    ['tenant', `'default'`],
    ['origin', `'live'`],
    ['decided_at', 'fromUnixTimestamp64Milli(at_ms)'],
    ['ingested_at', `fromUnixTimestamp64Milli(at_ms + 15 + toInt64(${drawn(10)} * 40))`],
    ['outcome', 'end'],
    ['would_be', `if(page = 11 AND fate > 0.98, 'deny', '')`],
    ['caused_by', `if(why IN ('risk_high', 'risk_revoke'), 'risk_feedback', '')`],
    ['reasons', '[why]'],
    ['latency_us', `toUInt64(120 * exp(${drawn(11)} * ${drawn(12)} * 3))`],
    ['pep_id', `concat('gateway-', toString(gateway))`],
    ['pep_kind', `'gatewatch'`],
    ['pep_boot_id', 'boot'],
    ['pep_seq', 'seq'],
    ['pep_version', `'0.${1 + Math.floor(week / 5)}.0'`],
    ['chain_prev', `if(seq % 64 = 0, ${hex(`concat(sipHash128(n, 1), sipHash128(n, 2))`)}, '')`],
    ['chain_salt', hex('sipHash128(n)')],
    ['chain_prev_boot_boot_id', `if(seq = 0, ${hex(`cityHash64('boot', gateway, ${week - 1})`)}, '')`],
    ['policy_revision', 'revision'],
    ['policy_rule_id', `if(why = 'no_rule_matched', '', concat('rule-', toString(page)))`],
    ['policy_route_id', `concat(app, '-', toString(page))`],
    ['policy_enforcement', `if(page = 11, 'observe', 'enforce')`],
    ['policy_shadow_revision', `if(day % 10 < 2, ${hex(`cityHash64('shadow', intDiv(day, 10))`)}, '')`],
    ['policy_shadow_outcome', `if(day % 10 < 2, if(fate > 0.997, 'deny', end), '')`],
    [
      'policy_inputs',
      `concat('{"subject.type":"', if(machine, 'service', 'user'), '","subject.groups":["', arrayStringConcat(groups, '","'), '"],"risk.source_level":"LOW","risk.level":"', if(why = 'risk_high', 'HIGH', 'LOW'), '","risk.revoke":false,"risk.withheld":false,"risk.age_ms":', toString(age), '}')`,
    ],
    ['subject_type', `multiIf(why = 'account_unknown', 'anonymous', machine, 'service', 'user')`],
    [
      'subject_id',
      `multiIf(why = 'account_unknown', '', machine, concat('service-', toString(who)), concat('person-', toString(who), '@example.org'))`,
    ],
    [
      'subject_session_id',
      `if(guessed, '', concat(substring(${hex('session')}, 1, 8), '-', substring(${hex('session')}, 9, 4), '-4a24-a02a-', substring(${hex('cityHash64(session)')}, 1, 12)))`,
    ],
    ['subject_groups', `if(guessed, [], groups)`],
    ['subject_idp', `'https://id.example.org'`],
    ['subject_acr', `'urn:example:silver'`],
    ['subject_amr', `if(machine, ['pwd'], ['pwd', 'otp'])`],
    [
      'subject_authenticated_at',
      `fromUnixTimestamp64Milli(at_ms - at_ms % 28800000 - toInt64(session % 3600000))`,
    ],
    ['device_id', `if(bare, '', device)`],
    ['device_managed', `if(machine OR guessed, NULL, toBool(NOT bare))`],
    ['device_os', `if(bare, '', ${among(SYSTEMS, 'system_n')})`],
    ['device_posture', `multiIf(bare, '', fallen, 'not_compliant', 'compliant')`],
    ['device_tier', `multiIf(bare, '', fallen, 'basic', 'privileged')`],
    ['action_name', among(METHODS, `page % ${METHODS.length}`)],
    ['resource_type', `'http'`],
    ['resource_id', `concat('/', app, '/items/', toString(toUInt32(${drawn(13)} * 5000)))`],
    ['resource_app', 'app'],
    ['resource_path_template', `concat('/', app, '/', toString(page), '/{id}')`],
    ['resource_sensitivity', `if(page > 9, 'high', 'medium')`],
    ['resource_required_tier', `'basic'`],
    ['context_ip', `concat(net_text, '.', toString(1 + cityHash64(n, 14) % 3))`],
    [
      'context_user_agent',
      `if(machine, 'batch/1.4', concat('Mozilla/5.0 (', ${among(AGENT_SYSTEMS, 'system_n')}, ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/', browser, '.0.0.0 Safari/537.36'))`,
    ],
    ['context_http_host', `concat(app, '.example.org')`],
    ['context_http_method', among(METHODS, `page % ${METHODS.length}`)],
    ['context_http_path', `concat('/', app, '/', toString(page))`],
    ['trust_tier', `if(fallen OR bare, 'basic', 'privileged')`],
    ['risk_at_decision_score', `if(why = 'risk_high', 88.5, 2 + who % 5)`],
    ['risk_at_decision_level', `if(why = 'risk_high', 'HIGH', 'LOW')`],
    ['risk_at_decision_revision', `if(why = 'risk_high', toUInt64(intDiv(at_ms, 1000)), 0)`],
    ['risk_at_decision_age_ms', 'age'],
    ['enrichment_source_prefix', `concat(net_text, '.0/24')`],
    ['enrichment_source_city', place(0)],
    ['enrichment_source_region', place(1)],
    ['enrichment_source_country', place(2)],
    ['enrichment_source_latitude', number(3)],
    ['enrichment_source_longitude', number(4)],
    ['enrichment_source_accuracy_km', '50'],
    ['enrichment_source_asn', `toUInt32(4000 + net % ${PROVIDERS.length})`],
    ['enrichment_source_as_org', among(PROVIDERS, `net % ${PROVIDERS.length}`)],
    ['enrichment_source_network_kind', `if(machine OR guessed, 'hosting', 'access')`],
    ['enrichment_user_agent_family', `if(machine, 'batch', 'Chrome')`],
    ['enrichment_user_agent_major', `if(machine, '1', browser)`],
    ['enrichment_user_agent_os', `if(machine, '', ${among(SYSTEMS, 'system_n')})`],
    ['enrichment_user_agent_device_type', `if(machine, '', 'desktop')`],
    ['enrichment_resource_sensitivity', `if(page > 9, 'high', 'medium')`],
    [
      'scores',
      `if(guessed, map('spray', toFloat32(1 + cityHash64(n, 15) % 40)), map('unfamiliar-context', toFloat32(round(-2 - ${drawn(16)} * 5, 3))))`,
    ],
  ]
}

/** The statement that makes a piece's decisions. Every value follows from the row's number. */
export function insertDecisions(piece: Piece): string {
  const made = columns(piece)
  const known = facts(piece).map(([expression, name]) => `${expression} AS ${name}`)
  return `INSERT INTO decisions (${made.map(([column]) => column).join(', ')})
WITH ${known.join(',\n  ')}
SELECT ${made.map(([column, expression]) => `${expression} AS _${column}`).join(',\n  ')}
FROM numbers(${piece.first}, ${piece.rows})
SETTINGS max_block_size = 8192, max_threads = 1, min_insert_block_size_rows = ${piece.rows}, min_insert_block_size_bytes = 0, optimize_on_insert = 0`
}
