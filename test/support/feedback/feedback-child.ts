import { startHouse } from './feedback.ts'

/** The feedback role as a process that a test may kill. Says `ready` and goes on until then. */
const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('which directory?')
await startHouse(directory, { circuit_breaker: { min_count: 1000 } })
process.stdout.write('ready\n')
