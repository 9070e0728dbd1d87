/** A process that starts an engine, says its pid to whoever forked it, and waits to be killed. */
import { pino } from 'pino'
import { startEngine } from '../../../services/runtime/clickhouse/start-engine.ts'

const engine = await startEngine({ dataDir: process.argv[2] ?? '', logger: pino({ level: 'silent' }) })
process.send?.(engine.pid)
setInterval(() => undefined, 60_000)
