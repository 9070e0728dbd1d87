import { named, skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'
import { keptInput, opaInput } from './opa-input.ts'
import { opaVerdict } from './opa-verdict.ts'
import { contextOf } from './request.ts'
import { keep, others, withoutSecrets } from './unmapped.ts'

/**
 * Open Policy Agent's decision log: the events that it sends to a log service
 * (`POST /logs`, a gzipped array), and the lines that it writes to its console.
 *
 * | OPA | decision |
 * |---|---|
 * | decision_id | the event's id: the same event is imported once |
 * | timestamp | `decided_at` |
 * | result, error | `outcome`, `reasons` (`opa-verdict.ts`) |
 * | input, as far as it is of a known shape | `subject`, `action`, `resource`, `context` (`opa-input.ts`) |
 * | input | `policy.inputs`, within bounds, without credentials |
 * | path without the first `/`, else query | `policy.rule_id`; the resource, when the input names none |
 * | bundles.*.revision, else revision | `policy.revision` |
 * | metrics.timer_server_handler_ns, else timer_rego_query_eval_ns | `latency_us` |
 * | trace_id | `context.trace_id` |
 * | requested_by (the enforcement point), labels, erased, masked, and what else there is | `unmapped` |
 *
 * OPA answers questions of any kind; a result that says neither yes nor no is no
 * decision about access.
 *
 * @see "Decision Logs", Open Policy Agent documentation, read in 2026-11.
 */
export function opaReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), [])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(event: JsonObject, instants: InstantReader): Reading {
  const id = textOf(event, 'decision_id')
  if (id === '') {
    // The console's other lines: requests, status, warnings.
    if (textOf(event, 'level') !== '' && textOf(event, 'msg') !== '') return skip('other_program')
    return unusable('record_invalid', 'no decision_id: no event of a decision log')
  }
  const at = event['timestamp'] ?? event['time']
  if (at === undefined) return unusable('no_timestamp', 'there is no timestamp')
  const decidedAt = instants.read(at)
  if (decidedAt === null) return unusable('timestamp_invalid', 'timestamp is no instant')
  const path = textOf(event, 'path').replace(/^\//, '') || textOf(event, 'query')
  const verdict = opaVerdict(event, path)
  if (verdict === null) return skip('no_decision')
  const [outcome, reason] = verdict
  const input = objectOf(event, 'input')
  const said = opaInput(input ?? {})
  const { context, source_host } = contextOf({ ...said.seen, trace_id: textOf(event, 'trace_id') })
  const latency = latencyOf(objectOf(event, 'metrics'))
  const revision = revisionOf(event)
  return named(id, {
    schema_version: 1,
    decided_at: decidedAt,
    outcome,
    reasons: [reason],
    subject: said.subject,
    action: { name: (said.action || 'evaluate').slice(0, 256) },
    resource: said.resource ?? { type: 'policy', id: (path || 'unknown').slice(0, 1024) },
    context,
    policy: {
      ...(revision === '' ? {} : { revision: revision.slice(0, 256) }),
      ...(path === '' ? {} : { rule_id: path.slice(0, 256) }),
      ...(input === undefined ? {} : { inputs: keep(keptInput(input)) }),
    },
    ...(latency === null ? {} : { latency_us: latency }),
    unmapped: keep(
      {
        event_id: id,
        result: isObject(event['result']) ? withoutSecrets(event['result']) : undefined,
        source_host,
      },
      withoutSecrets(others(event, PLACED)),
    ),
  })
}

function latencyOf(metrics: JsonObject | undefined): number | null {
  const ns = metrics?.['timer_server_handler_ns'] ?? metrics?.['timer_rego_query_eval_ns']
  if (typeof ns !== 'number' || !(ns >= 0)) return null
  const us = Math.round(ns / 1000)
  return Number.isSafeInteger(us) ? us : null
}

function revisionOf(event: JsonObject): string {
  const bundles = Object.entries(objectOf(event, 'bundles') ?? {})
  const revisions = bundles.map(([name, bundle]) =>
    isObject(bundle) && textOf(bundle, 'revision') !== '' ? `${name}@${textOf(bundle, 'revision')}` : '',
  )
  return revisions.filter((each) => each !== '').join(' ') || textOf(event, 'revision')
}

const PLACED = new Set([
  'decision_id',
  'timestamp',
  'time',
  'path',
  'input',
  'result',
  'bundles',
  'revision',
  'metrics',
  'trace_id',
  'level',
  'msg',
  'type',
])
