import { hash } from 'node:crypto'
import { GatewatchError } from '../../../runtime/errors.ts'
import { within } from '../../../runtime/within.ts'
import { shapeOf } from '../../formats/open.ts'
import type { FormatName } from '../../formats/format.ts'
import { gunzipped } from '../../source/gunzip.ts'
import { jsonRecordsOf } from '../../source/json-records.ts'
import { linesOf } from '../../source/lines.ts'
import type { Taken } from '../offer.ts'
import type { RunningSource, SourceContext } from '../source.ts'
import type { Push, PushAnswer, PushListener } from './listener.ts'

/** Pushes of one source that are under way; the next ones are asked to come again. */
const MAX_PUSHES = 16
/** Records of one offer. */
const MAX_RECORDS = 1000
/** How long a sender is kept waiting for the log; what it sent may still go in, and is recognised when it comes again. */
const ANSWER_WITHIN_MS = 30_000

export interface HttpSettings {
  readonly format: FormatName
  readonly token_names?: readonly string[] | undefined
  readonly max_body_bytes: number
  readonly max_text_bytes: number
}

/**
 * Takes pushes: JSON in every shape that an import reads, or lines, gzipped or
 * not. 200 means that all of it is durable. A sender that did not hear the
 * answer sends the same again: the events' own names tell that, else the key
 * that the sender gave (`Idempotency-Key`), else the bytes of the body. So two
 * pushes of exactly the same unnamed records need different keys to count twice.
 */
export async function startHttp(
  settings: HttpSettings,
  listener: PushListener,
  { name, intake, metrics }: SourceContext,
): Promise<RunningSource> {
  let pushes = 0

  async function handle(push: Push): Promise<PushAnswer> {
    if (settings.token_names !== undefined && !settings.token_names.includes(push.sender)) {
      metrics.refused('forbidden')
      return refusal(403, 'ERR_SOURCE_FORBIDDEN', 'This token may not push to this source.')
    }
    if (push.body.length > settings.max_body_bytes) {
      metrics.refused('too_large')
      return refusal(
        413,
        'ERR_BODY_TOO_LARGE',
        `A body has at most ${settings.max_body_bytes} bytes; send less at a time.`,
      )
    }
    if (pushes >= MAX_PUSHES) {
      metrics.refused('busy')
      return refusal(503, 'ERR_BUSY', 'Too many pushes are under way; send it again.')
    }
    pushes += 1
    const taking = take(push).finally(() => {
      pushes -= 1
    })
    try {
      const taken = await within(taking, ANSWER_WITHIN_MS)
      if (taken !== 'late') return { status: 200, taken }
      taking.catch(() => {})
      metrics.refused('busy')
      return refusal(503, 'ERR_NOT_DURABLE', 'The event log does not take it yet; send it again.')
    } catch (error) {
      if (error instanceof TooLong) {
        metrics.refused('too_large')
        return refusal(
          413,
          'ERR_BODY_TOO_LARGE',
          `Decompressed, a body has at most ${settings.max_text_bytes} bytes; send less at a time.`,
        )
      }
      if (error instanceof GatewatchError && error.code === 'ERR_IMPORT_INPUT') {
        metrics.refused('malformed')
        return refusal(
          400,
          'ERR_BODY_MALFORMED',
          'The body is damaged or compressed in a way that is not read; gzip or none is.',
        )
      }
      return refusal(503, 'ERR_NOT_READY', 'This source does not run here now; send it again.')
    }
  }

  async function take({ body, sender, key }: Push): Promise<Taken> {
    const sum = { decisions: 0, known: 0, skipped: 0, dead_letters: 0 }
    const text = bounded(await gunzipped(once(body), 'the body'), settings.max_text_bytes)
    const { framing, wrappers } = shapeOf(settings.format)
    const records = framing === 'lines' ? linesOf(text) : jsonRecordsOf(text, wrappers)
    const delivery = `${sender}\0${key ?? hash('sha256', body, 'hex')}`
    let nth = 0
    for await (const some of records) {
      if (settings.format === 'cloudflare' && nth === 0 && isTestUpload(some[0]?.text)) return sum
      for (let at = 0; at < some.length; at += MAX_RECORDS) {
        const offered = some.slice(at, at + MAX_RECORDS).map((record) => {
          nth += 1
          return { record, identity: `${delivery}\0${nth}`, repeats: true }
        })
        const taken = await intake.take({ records: offered, position: null })
        for (const outcome of ['decisions', 'known', 'skipped', 'dead_letters'] as const)
          sum[outcome] += taken[outcome]
      }
    }
    return sum
  }

  const leave = listener.serve(name, handle)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  return {
    ended,
    caughtUpMs: () => null,
    async stop() {
      leave()
      resolve()
    },
  }
}

class TooLong extends Error {}

async function* bounded(chunks: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > most) throw new TooLong()
    yield chunk
  }
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body
}

/** Logpush tries an address with a file that holds `{"content":"tests"}` before it makes a job of it. */
function isTestUpload(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^\s*\{\s*"content"\s*:\s*"[^"]{0,64}"\s*(,\s*"filename"\s*:\s*"[^"]{0,256}"\s*)?\}\s*$/.test(text)
  )
}

function refusal(status: 400 | 403 | 413 | 503, code: string, message: string): PushAnswer {
  return { status, code, message }
}
