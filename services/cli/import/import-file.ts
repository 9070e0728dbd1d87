import type { Readable } from 'node:stream'
import { importReport } from '../../collector/import-report.ts'
import { runImport, type ImportRequest } from '../../collector/run-import.ts'
import type { Config } from '../../config.ts'
import { openCheckpointSigner } from '../../runtime/checkpoints/signer.ts'
import { lockDataDir } from '../../runtime/data-dir-lock.ts'
import { createLifecycle } from '../../runtime/lifecycle.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { CliIo } from '../io.ts'
import { findingsSince, whereFindingsEnd } from './findings-since.ts'
import { importBar } from './import-bar.ts'
import { pipeline } from './pipeline.ts'

export interface ImportPlace {
  readonly runtime: Runtime
  readonly config: Config
  readonly io: CliIo
  readonly stdin: Readable
  readonly now_ms: number
}

/** Exit code of an import that could not read its source to the end. */
const INPUT_FAULT = 2

/**
 * Imports a file, waits until it is scored and stored, and prints the summary.
 * The workers are those of a running Gatewatch on the same data directory;
 * those that nobody runs are started here, and stopped at the end.
 *
 * Two imports at a time would both find a file not yet imported, so the second
 * one is refused.
 */
export async function importFile(request: ImportRequest, place: ImportPlace): Promise<number> {
  const { runtime, config, io } = place
  const lifecycle = createLifecycle(runtime.logger)
  try {
    await lifecycle.start('lock', async () => {
      const lock = await lockDataDir(runtime.dataDir, ['import'], 'import')
      return { stop: () => lock.release() }
    })
    const before = await whereFindingsEnd(runtime.eventLog)
    const bar = importBar(io.stderr)
    const workers = pipeline(runtime, config, lifecycle)
    try {
      const result = await runImport(request, {
        eventLog: runtime.eventLog,
        signer: await openCheckpointSigner(runtime.dataDir, config.checkpoints, place.now_ms),
        logger: runtime.logger,
        stdin: place.stdin,
        now_ms: place.now_ms,
        progress: (read, total, summary) => bar.imported(read, total, summary),
        pace: () => workers.keepUp(),
      })
      const behind = await workers.drain((done, all) => bar.scored(done, all))
      bar.stop()
      const scored = !behind.some((group) => group.startsWith('scoring'))
      const findings = scored ? await findingsSince(runtime.eventLog, before, request.tenant) : null
      const scheme = config.feedback.tls === undefined ? 'http' : 'https'
      const console_url = `${scheme}://localhost:${config.feedback.port}`
      io.stdout.write(importReport(request, result, { findings, behind, console_url }))
      if (result.failure === null) return 0
      io.stderr.write(`gatewatch: ${result.failure.message}\n`)
      return INPUT_FAULT
    } finally {
      bar.stop()
    }
  } finally {
    await lifecycle.stop()
  }
}
