import { isObject, objectOf, textOf, type JsonObject } from './json.ts'
import { wholeOf } from './request.ts'

/**
 * An activity of Google Workspace that was shared with Google Cloud, from its
 * entry of Cloud Logging (`metadata` of type ActivityProto), in the form of the
 * Reports API; null for any other entry.
 *
 * | entry of Cloud Logging | activity |
 * |---|---|
 * | metadata.activityId.timeUsec, else timestamp; uniqQualifier | id.time, id.uniqueQualifier: both exports of an activity are one |
 * | serviceName, `login.googleapis.com` | id.applicationName, `login` |
 * | authenticationInfo.principalEmail | actor.email |
 * | requestMetadata.callerIp | ipAddress |
 * | metadata.event[].eventName, eventType, parameter[] | events[].name, type, parameters |
 * | logName, resourceName | members of the activity |
 *
 * @see "Google Workspace audit logs" and "Samples for Google Workspace Login
 *   Audit", Google Cloud documentation, read in 2026-11.
 */
export function forwardedActivity(entry: JsonObject): JsonObject | null {
  const log = objectOf(entry, 'protoPayload')
  const metadata = objectOf(log, 'metadata')
  if (log === undefined || metadata === undefined) return null
  if (!textOf(metadata, '@type').endsWith('.ActivityProto')) return null
  const listed = metadata['event']
  const activityId = objectOf(metadata, 'activityId')
  const service = textOf(log, 'serviceName')
  return {
    id: {
      time: instantOf(activityId) ?? entry['timestamp'],
      uniqueQualifier: textOf(activityId, 'uniqQualifier'),
      applicationName: service.replace(/\.googleapis\.com$/, '') || 'workspace',
    },
    actor: { email: textOf(objectOf(log, 'authenticationInfo'), 'principalEmail') },
    ipAddress: textOf(objectOf(log, 'requestMetadata'), 'callerIp'),
    events: (Array.isArray(listed) ? listed : []).filter(isObject).map(eventOf),
    log_name: entry['logName'],
    resource_name: log['resourceName'],
  }
}

function instantOf(activityId: JsonObject | undefined): string | undefined {
  const us = wholeOf(activityId?.['timeUsec'])
  const date = new Date(Math.floor((us ?? Number.NaN) / 1000))
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function eventOf(event: JsonObject): JsonObject {
  const listed = event['parameter']
  return {
    name: textOf(event, 'eventName'),
    type: textOf(event, 'eventType'),
    parameters: (Array.isArray(listed) ? listed : [])
      .filter(isObject)
      .map((each) => ({ ...each, multiValue: each['multiValue'] ?? each['multiStrValue'] })),
  }
}
