import { FilePosition } from './position.ts'
import { MAX_JSON_BYTES, MAX_LINE_BYTES } from '../../source/record.ts'
import type { Framing } from '../../formats/format.ts'
import { loopSource } from '../loop-source.ts'
import type { OfferedRecord } from '../offer.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import { beginAgain, beginNew, type Begin } from './begin.ts'
import { followFile, type FileRecords, type Start } from './follow.ts'

/** What is shown to the reader again after a restart: sshd tells of one attempt in several lines. */
const RECALL_BYTES = 65_536

export interface FileSettings {
  readonly path: string
  readonly from: 'beginning' | 'end'
  readonly poll: number
  readonly rotate_wait: number
  readonly framing: Framing
}

/** Follows a log file. */
export async function startFile(settings: FileSettings, context: SourceContext): Promise<RunningSource> {
  const { intake, metrics, logger, now } = context
  let caughtUp: number | null = null
  const lost = (cause: Parameters<typeof metrics.lost>[0]): void => {
    metrics.lost(cause)
    logger.error({ cause }, 'a part of the followed file can not be read any more; it is lost')
  }
  const before = intake.before?.position ?? null
  const begin: Begin =
    before === null
      ? await beginNew(settings.path, settings.from)
      : await continued(settings.path, FilePosition.parse(JSON.parse(before)), lost)
  // Written down at once: what comes from here on is ours even if nothing ever came before the next start.
  if (before === null) await intake.take({ records: [], position: JSON.stringify(begin.position) })
  else if (begin.start !== null && settings.framing === 'lines')
    await recall(begin.start, (line) => intake.recall(line))

  async function run(signal: AbortSignal): Promise<void> {
    const lines = followFile(begin.start, {
      path: settings.path,
      max_bytes: settings.framing === 'lines' ? MAX_LINE_BYTES : MAX_JSON_BYTES,
      poll_ms: settings.poll,
      rotate_wait_ms: settings.rotate_wait,
      signal,
      caughtUp: () => (caughtUp = now()),
      lost,
    })
    for await (const some of lines) {
      await intake.take({ records: offered(some), position: JSON.stringify(some.position) })
    }
  }
  return loopSource(run, () => caughtUp)
}

async function continued(
  path: string,
  position: FilePosition,
  lost: Parameters<typeof beginAgain>[2],
): Promise<Begin> {
  return { start: await beginAgain(path, position, lost), position }
}

function offered({ records, base, inode }: FileRecords): OfferedRecord[] {
  return records.map((record) => ({
    record,
    identity: `${inode}:${base + record.byte}`,
    repeats: false,
  }))
}

async function recall({ file, offset }: Start, show: (text: string) => void): Promise<void> {
  const from = Math.max(0, offset - RECALL_BYTES)
  const bytes = Buffer.alloc(offset - from)
  const { bytesRead } = await file.handle.read(bytes, 0, bytes.length, from)
  const lines = bytes.subarray(0, bytesRead).toString('latin1').split('\n')
  // The first one is whole only at the beginning of the file, the last one is what is read next.
  for (const line of lines.slice(from === 0 ? 0 : 1, -1)) show(line)
}
