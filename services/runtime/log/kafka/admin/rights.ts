import type { Kafka } from 'kafkajs'
import type { LogTopic } from '../../../../../schemas/topics.ts'
import { GatewatchError } from '../../../errors.ts'
import type { KafkaConfig } from '../config.ts'
import { fence } from '../commit/fence.ts'
import { namesOf } from '../names.ts'
import { retry } from '../retrying.ts'
import { check, CODES, deniedOf, toLogError } from '../wire/faults.ts'
import { Link } from '../wire/link.ts'
import { groupRights, OPERATIONS, topicRights, type Operation, type Rights } from '../wire/rights-requests.ts'

/** What a process does on the log, so that Kafka can be asked beforehand whether it may. */
export interface LogRights {
  readonly reads: readonly LogTopic[]
  readonly writes: readonly LogTopic[]
  /** Groups of which it is a member. */
  readonly joins: readonly string[]
  /** Groups whose positions it looks at. */
  readonly watches: readonly string[]
}

const WITHIN_MS = 5_000
/** Named in the sentence; the others are counted. */
const MOST_NAMED = 5

/**
 * Asks Kafka what our user may do, and names everything that it lacks in one
 * sentence: a right that is missing would show at the first commit otherwise,
 * hours after the start. Topics that don't exist are passed over.
 *
 * @throws GatewatchError `ERR_LOG_DENIED`
 */
export async function checkRights(
  kafka: Kafka,
  config: KafkaConfig,
  topics: readonly LogTopic[],
  rights: LogRights,
): Promise<void> {
  const names = namesOf(config)
  const group = (name: string) => names.group(name)
  const link = new Link(kafka)
  try {
    const missing = [
      ...(await missingOnTopics(
        link,
        wantedOnTopics(topics, rights, (topic) => names.topic(topic)),
      )),
      ...(await missingOnGroups(link, new Set(rights.watches.map(group)), 'Describe')),
      ...(await missingOnGroups(link, new Set(rights.joins.map(group)), 'Read')),
      ...(await missingOnTransactions(link, names.transaction(''))),
    ]
    if (missing.length > 0) throw lacking(missing, config)
  } catch (error) {
    throw toLogError(error)
  } finally {
    await link.close()
  }
}

/** No group of anybody has this name: who may look at it may look at all of them. */
const ANY_GROUP = 'gatewatch.any-group'

/**
 * Asks Kafka whether our user may delete records of these topics, and see how far every group has read them: of a group
 * that it can't see it would not know that records go before they are read.
 *
 * @throws GatewatchError `ERR_LOG_DENIED`
 */
export async function checkDeletionRights(
  kafka: Kafka,
  config: KafkaConfig,
  topics: readonly LogTopic[],
): Promise<void> {
  const names = namesOf(config)
  const link = new Link(kafka)
  try {
    const { cluster } = await rightsOn(link, [])
    const wanted = new Map(topics.map((topic) => [names.topic(topic), ['Delete'] as const]))
    const missing = [
      ...(includes(cluster, 'Describe') ? [] : ['Describe on the cluster']),
      ...(includes(await onGroup(link, ANY_GROUP), 'Describe') ? [] : ['Describe on every group (*)']),
      ...(await missingOnTopics(link, wanted)),
    ]
    if (missing.length > 0) throw lacking(missing, config)
  } catch (error) {
    throw toLogError(error)
  } finally {
    await link.close()
  }
}

function wantedOnTopics(
  topics: readonly LogTopic[],
  { reads, writes }: LogRights,
  nameOf: (topic: LogTopic) => string,
): Map<string, Operation[]> {
  const wanted = new Map<string, Operation[]>()
  // Every start looks at every topic of the catalogue: whether it is there and as it should be.
  for (const topic of topics) wanted.set(nameOf(topic), ['Describe', 'DescribeConfigs'])
  for (const topic of reads) wanted.get(nameOf(topic))?.push('Read')
  for (const topic of writes) wanted.get(nameOf(topic))?.push('Write')
  return wanted
}

async function missingOnTopics(
  link: Link,
  wanted: ReadonlyMap<string, readonly Operation[]>,
): Promise<string[]> {
  const found = await rightsOn(link, [...wanted.keys()])
  return found.topics.flatMap(({ name, error, operations }) => {
    if (error !== CODES.none && error !== CODES.topic_denied) return []
    const may = error === CODES.none ? operations : 0
    const lacks = (wanted.get(name) ?? []).filter((operation) => !includes(may, operation))
    return lacks.length === 0 ? [] : [`${lacks.join(' and ')} on topic ${name}`]
  })
}

async function rightsOn(link: Link, topics: readonly string[]): Promise<Rights> {
  let found: Rights = { topics: [], cluster: 0 }
  await retry(link, WITHIN_MS, 10, async () => {
    found = await link.send(await link.anyNode(), topicRights(topics))
  })
  return found
}

async function missingOnGroups(
  link: Link,
  groups: ReadonlySet<string>,
  operation: Operation,
): Promise<string[]> {
  const missing: string[] = []
  for (const group of groups)
    if (!includes(await onGroup(link, group), operation)) missing.push(`${operation} on group ${group}`)
  return missing
}

async function onGroup(link: Link, group: string): Promise<number> {
  let may = 0
  try {
    await retry(link, WITHIN_MS, 10, async () => {
      const node = await link.coordinator('group', group)
      const { error, operations } = await link.send(node, groupRights(group))
      check(`group ${group} (DescribeGroups)`, error)
      may = operations
    })
  } catch (error) {
    if (deniedOf(error) !== 'group') throw error
  }
  return may
}

/** There is no asking beforehand: an epoch is taken of an id that is nobody's. */
async function missingOnTransactions(link: Link, prefix: string): Promise<string[]> {
  try {
    await fence(link, `${prefix}start`)
    return []
  } catch (error) {
    if (deniedOf(error) !== 'transaction') throw error
    return [`Write on transactional ids that begin with ${prefix}`]
  }
}

const includes = (operations: number, operation: Operation): boolean =>
  (operations & (1 << OPERATIONS[operation])) !== 0

function lacking(missing: readonly string[], { sasl }: KafkaConfig): GatewatchError {
  const more = missing.length > MOST_NAMED ? `, and ${missing.length - MOST_NAMED} more` : ''
  const user = sasl === undefined ? 'our user' : `User:${sasl.username}`
  return new GatewatchError(
    'ERR_LOG_DENIED',
    `Kafka does not let ${user} do what this process must: grant it ${missing.slice(0, MOST_NAMED).join('; ')}${more} (deploy/kafka/README.md lists what each role needs).`,
  )
}
