import { createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pino } from 'pino'
import { CheckpointsConfig } from '../../runtime/checkpoints/config.ts'
import { openCheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import { cpuSeconds, type BenchOptions, type BenchResult } from '../../runtime/bench-result.ts'
import { openEmbeddedLog } from '../../runtime/log/embedded/embedded-log.ts'
import { runImport, type ImportResult } from '../run-import.ts'
import { sshdLog } from './sshd-log.ts'

const LINES = 1_000_000
const MIB = 1024 * 1024

/**
 * Imports a made sshd log of a million lines until it is durable in the
 * embedded log, and then once more, when all of it is known. Memory is the
 * process's resident memory after a third and at the end of the first import:
 * flat means that they are about the same.
 */
export async function benchImport({ directory, scale }: BenchOptions): Promise<BenchResult> {
  const began = performance.now()
  await mkdir(directory, { recursive: true })
  const path = join(directory, 'auth.log')
  const lines = Math.round(LINES * scale)
  await pipeline(Readable.from(sshdLog(lines)), createWriteStream(path))
  const { size } = await stat(path)
  const eventLog = await openEmbeddedLog({ directory: join(directory, 'log') })
  const signer = await openCheckpointSigner(directory, CheckpointsConfig.parse(undefined), Date.now())
  const resident: number[] = []
  const importIt = (): Promise<ImportResult> =>
    runImport(
      { path, format: 'sshd', tenant: 'import', year: 2024, timezone: 'UTC', live: false },
      {
        eventLog,
        signer,
        logger: pino({ level: 'silent' }),
        stdin: Readable.from([]),
        now_ms: Date.now(),
        progress: () => void resident.push(process.memoryUsage.rss()),
      },
    )
  try {
    const cpuBefore = cpuSeconds()
    const first = await importIt()
    const cpu = cpuSeconds() - cpuBefore
    const memory = resident.slice()
    const again = await importIt()
    const rate = ({ summary, elapsed_ms }: ImportResult): number =>
      Math.round((summary.records / elapsed_ms) * 1000)
    const mib = (bytes: number | undefined): number => Math.round((bytes ?? 0) / MIB)
    return {
      name: 'import',
      figures: {
        lines_per_second: rate(first),
        lines_per_second_per_core: Math.round(first.summary.records / cpu),
        known_lines_per_second: rate(again),
        lines,
        decisions: first.summary.decisions,
        appended_again: again.summary.decisions,
        source_mib: mib(size),
        resident_mib_at_third: mib(memory[Math.floor(memory.length / 3)]),
        resident_mib_at_end: mib(memory.at(-1)),
      },
      cores: availableParallelism(),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await eventLog.close()
  }
}
