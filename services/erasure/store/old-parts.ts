import { rm } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { rowsOf } from './statements.ts'

/** Parts that a mutation has replaced: their files are there until the engine's own cleaning, which takes its time. */
export async function oldParts(client: ClickHouseClient): Promise<readonly string[]> {
  const parts = await rowsOf<{ path: string }>(
    client,
    `SELECT path FROM system.parts WHERE database = currentDatabase() AND NOT active`,
  )
  return parts.map(({ path }) => path)
}

/**
 * Deletes parts that nobody reads any more; only of an engine of our own that
 * has been stopped, since a part that was replaced stays so. Anything outside
 * the data directory is left alone.
 */
export async function deleteParts(dataDir: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const inside = relative(resolve(dataDir, 'clickhouse'), resolve(path))
    if (inside === '' || inside.startsWith('..')) continue
    await rm(path, { recursive: true, force: true })
  }
}

/** Waits until a server has deleted them itself (`old_parts_lifetime`, eight minutes by default); how many are left. */
export async function partsLeft(client: ClickHouseClient, patience_ms: number): Promise<number> {
  for (const deadline = Date.now() + patience_ms; ; await pause(5_000)) {
    const left = (await oldParts(client)).length
    if (left === 0 || Date.now() >= deadline) return left
  }
}
