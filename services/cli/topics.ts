import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { table } from './table.ts'
import type { TopicRow } from './topics/rows.ts'

const DAY_MS = 86_400_000

/** `gatewatch topics`: the catalogue, and what the log holds of each; on Kafka also creates and checks them. */
export function declareTopics(program: Command, context: CliContext): void {
  program
    .command('topics')
    .option('--create', 'on Kafka: create what is missing, and fail when one is not as it must be')
    .option('--json', 'one topic a line')
    .description('the topics, how long each is kept, and how many records the log holds')
    .action((options: { create?: boolean; json?: boolean }) =>
      context.guard(async () => {
        const { topicRows } = await import('./topics/rows.ts')
        const found = await topicRows(await context.loadConfig(), options.create === true)
        context.io.stdout.write(options.json ? found.rows.map(jsonLine).join('') : text(found.rows))
        if (options.create === true) found.assert()
      }),
    )
}

function jsonLine({ topic, name, partitions, records, differences }: TopicRow): string {
  const { compacted } = topic
  const retention_ms = compacted ? null : topic.retention_ms
  return `${JSON.stringify({ name, compacted, retention_ms, partitions, records, differences })}\n`
}

function text(rows: readonly TopicRow[]): string {
  const listed = table(
    ['topic', 'kept', 'partitions', 'records'],
    rows.map(({ topic, name, partitions, records }) => [
      name,
      topic.compacted ? 'newest of each key' : `${topic.retention_ms / DAY_MS} days`,
      partitions === null ? 'missing' : String(partitions),
      records.toLocaleString('en'),
    ]),
  )
  const notes = rows.flatMap(({ differences }) => differences)
  return notes.length === 0 ? listed : `${listed}\n${notes.join('\n')}\n`
}
