import { text } from 'node:stream/consumers'
import { Session } from 'chdb'

/** The process of `runAsReader`: statements as JSON on the standard input, answers as JSON on the standard output. */
const [directory = '', config = ''] = process.argv.slice(2)
const statements: string[] = JSON.parse(await text(process.stdin))
const session = new Session(directory, { connectionArgs: [`--config-file=${config}`] })
const answers: unknown[] = []
for (const statement of statements) {
  try {
    const result = await session.queryAsync(statement, { format: 'JSONEachRow' })
    const lines = Buffer.from(result.bytes()).toString().split('\n')
    answers.push({ rows: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown) })
  } catch (error) {
    answers.push({ error: error instanceof Error ? error.message : String(error) })
  }
}
// An engine with replicas that nobody serves would not close.
process.stdout.write(JSON.stringify(answers), () => process.kill(process.pid, 'SIGKILL'))
