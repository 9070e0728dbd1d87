import type { Command } from 'commander'
import { topics } from '../../schemas/topics.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

const DAY_MS = 86_400_000

/** `gatewatch topics`: the catalogue, and what the log of this data directory holds of each. */
export function declareTopics(program: Command, context: CliContext): void {
  program
    .command('topics')
    .option('--json', 'one topic a line')
    .description('the topics, how long each is kept, and how many records the log holds')
    .action((options: { json?: boolean }) =>
      context.withRuntime(async ({ eventLog }) => {
        const rows: string[][] = []
        for (const topic of topics) {
          const marks = await eventLog.watermarks(topic)
          const records = marks.reduce((sum, { low, high }) => sum + high - low, 0)
          const kept = topic.compacted ? 'newest of each key' : `${topic.retention_ms / DAY_MS} days`
          if (options.json)
            context.io.stdout.write(
              `${JSON.stringify({ name: topic.name, compacted: topic.compacted, retention_ms: topic.compacted ? null : topic.retention_ms, partitions: marks.length, records })}\n`,
            )
          rows.push([topic.name, kept, String(marks.length), records.toLocaleString('en')])
        }
        if (!options.json) context.io.stdout.write(table(['topic', 'kept', 'partitions', 'records'], rows))
      }),
    )
}
