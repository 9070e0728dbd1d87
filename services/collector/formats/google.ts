import { skip, unusable, type Reading, type ReadingOptions, type RecordReader } from './format.ts'
import { auditEntry } from './google-audit.ts'
import { forwardedActivity } from './google-forwarded.ts'
import { reportActivity } from './google-reports.ts'
import { instantReader, type InstantReader } from './instant.ts'
import { isObject, jsonReader, objectOf, textOf, type JsonObject } from './json.ts'

/**
 * Google: activities of Workspace's Reports API (sign-ins, SAML, OAuth tokens,
 * context-aware access, admin actions: `google-reports.ts`), also as entries of
 * Cloud Logging (`google-forwarded.ts`), and entries of Cloud Audit Logs, first
 * of all Identity-Aware Proxy's (`google-audit.ts`).
 * One object a line, in arrays, or pages (`{"items":[…]}`, `{"entries":[…]}`).
 * Entries of other logs (of requests, of applications) are of another kind.
 */
export function googleReader({ timezone }: ReadingOptions): RecordReader {
  const instants = instantReader(timezone)
  const reader = jsonReader((object) => read(object, instants), ['items', 'entries'])
  return { ...reader, assumedZone: () => instants.assumedZone() }
}

function read(object: JsonObject, instants: InstantReader): Reading {
  if (textOf(objectOf(object, 'id'), 'applicationName') !== '') return reportActivity(object, instants)
  const forwarded = forwardedActivity(object)
  if (forwarded !== null) return reportActivity(forwarded, instants)
  if (isObject(object['protoPayload'])) return auditEntry(object, instants)
  if (object['logName'] !== undefined) return skip('other_program')
  return unusable('record_invalid', 'neither an activity of the Reports API nor an entry of Cloud Logging')
}
