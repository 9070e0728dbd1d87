import type { EventLog } from './event-log.ts'

/** The same log with some of its methods exchanged; the others go through as they are. */
export function wrapLog(eventLog: EventLog, over: Partial<EventLog>): EventLog {
  return {
    append: (records, options) => eventLog.append(records, options),
    consume: (options) => eventLog.consume(options),
    openTable: (topic) => eventLog.openTable(topic),
    read: (topic, options) => eventLog.read(topic, options),
    partitions: (topic) => eventLog.partitions(topic),
    watermarks: (topic) => eventLog.watermarks(topic),
    committed: (group, topic) => eventLog.committed(group, topic),
    hasMembers: (group) => eventLog.hasMembers(group),
    close: () => eventLog.close(),
    ...over,
  }
}
