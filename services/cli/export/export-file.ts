import type { Config } from '../../config.ts'
import { exportStored, type WriteLines } from '../../console/export/to-file.ts'
import { openClickHouse } from '../../runtime/clickhouse/client.ts'
import { openStore } from '../../runtime/clickhouse/open-store.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { openWholeFile } from '../../runtime/write-whole.ts'
import type { CliContext } from '../context.ts'
import type { ExportFlags } from './flags.ts'
import { progressBar } from '../progress-bar.ts'

/** As far as instants of the store go for sure. */
const LAST_MS = Date.UTC(2105, 11, 31)

/** Exports what is stored of a range, to a file or to the standard output. */
export async function exportFile(
  { io }: CliContext,
  { dataDir, logger }: Runtime,
  config: Config,
  flags: ExportFlags,
  { from_ms, to_ms }: { readonly from_ms: number | null; readonly to_ms: number | null },
): Promise<void> {
  const store = await openStore({ dataDir, settings: config.clickhouse, logger })
  const client = openClickHouse(store.endpoint, { readonly: true, request_timeout_ms: 600_000 })
  const bar = progressBar(io, `exporting {bar} {percentage}%  {value} of {total} ${flags.class}`)
  const range = { tenant: flags.tenant ?? config.tenant, from_ms: from_ms ?? 0, to_ms: to_ms ?? LAST_MS }
  try {
    if (flags.out === undefined) {
      const print: WriteLines = async (lines) => void io.stdout.write(lines)
      await exportStored(client, flags.class, range, print, bar.show)
      return
    }
    const file = await openWholeFile(flags.out)
    try {
      const exported = await exportStored(client, flags.class, range, (lines) => file.write(lines), bar.show)
      await file.finish()
      bar.stop()
      io.stderr.write(`Wrote ${flags.out}: ${exported} ${flags.class}.\n`)
    } finally {
      await file.discard()
    }
  } finally {
    bar.stop()
    await client.close()
    await store.stop()
  }
}
