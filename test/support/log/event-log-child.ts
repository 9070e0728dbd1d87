import type { EventLog } from '../../../services/runtime/log/event-log.ts'
import type { LogTopic } from '../../../schemas/topics.ts'
import { copyTo, described } from './event-log-roles.ts'

/** A client of the event log in a process of its own, to be killed: `module argument role from to`. */
const [module = '', argument = '', role = '', fromName = '', toName = ''] = process.argv.slice(2)
const driver: { openForChild(argument: string): Promise<EventLog> } = await import(module)
const log = await driver.openForChild(argument)
const [from, to] = [topicNamed(fromName), topicNamed(toName)]
const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Keeps the process alive when nothing else does. */
setInterval(() => {}, 60_000)

if (role === 'consume-and-hang') {
  let batches = 0
  await log.consume({
    group: 'g',
    topics: [from],
    max_records: 10,
    handle: async (batch) => {
      if (batches === 3) say('committed')
      if (batches++ >= 3) await new Promise(() => {})
      return copyTo(to)(batch)
    },
  })
}

if (role === 'pin-and-hang') {
  await log.consume({
    group: 'g',
    topics: [from],
    pinned: true,
    handle: async (batch) => {
      say(`pinned ${JSON.stringify(described(batch))}`)
      return await new Promise(() => {})
    },
  })
}

if (role === 'append') {
  // A line for each acknowledgement: the parent checks that what was acknowledged is there.
  for (let i = 0; ; i++) {
    await Promise.all(
      Array.from({ length: 4 }, async (_, stream) => {
        const id = `${process.pid}-${stream}-${i}`
        await log.append([{ topic: from, key: `${process.pid}-${stream}`, value: id }])
        say(`acknowledged ${id}`)
      }),
    )
  }
}

if (role === 'copy') {
  await log.consume({ group: 'g', topics: [from], max_records: 7, handle: copyTo(to) })
  say('consuming')
}

if (role === 'open-and-close') {
  // As processes that start and stop: nothing else is open in this one meanwhile.
  await log.close()
  for (;;) {
    const once = await driver.openForChild(argument)
    await once.close()
    say('closed')
  }
}

function topicNamed(name: string): LogTopic {
  return { name, partitions: 4, retention_ms: 3_600_000, compacted: false }
}
