import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../../services/cli.ts'
import { openRuntime } from '../../services/cli/open-runtime.ts'
import { FORMATS } from '../../services/collector/formats/format.ts'
import { runImport } from '../../services/collector/run-import.ts'
import { Config } from '../../services/config.ts'
import { FORMAT_SAMPLES, sampleFile } from '../support/collector/format-samples.ts'
import { signing } from '../support/events/signing.ts'

let folder: string
let data: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewatch-import-formats-'))
  data = join(folder, 'data')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function gatewatch(...args: readonly string[]): Promise<{ out: string; err: string; code: number }> {
  const said = { out: '', err: '', code: 0 }
  const io = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.err += text) },
  }
  await runCli(args, io, { GATEWATCH_DATA_DIR: data }, (code) => {
    said.code = code
  })
  return said
}

const SAMPLES = (Object.keys(FORMAT_SAMPLES) as (keyof typeof FORMAT_SAMPLES)[]).map(
  (format) => [format, FORMAT_SAMPLES[format]] as const,
)

it('imports a file of each format twice into the pipeline, and the store has its decisions once', async () => {
  for (const [format, sample] of SAMPLES) {
    const file = sampleFile(sample)
    // Whether a file is compressed is its own business.
    await writeFile(join(folder, format), format === 'opa' ? gzipSync(file) : file)
  }
  const runtime = await openRuntime(Config.parse({ data_dir: data }))
  try {
    const around = {
      eventLog: runtime.eventLog,
      ...(await signing(folder)),
      stdin: Readable.from([]),
      now_ms: Date.now(),
    }
    for (const round of ['first', 'second']) {
      for (const [format, { decisions, skipped, dead_letters }] of SAMPLES) {
        const path = join(folder, format)
        const request = { path, format, tenant: format, year: null, timezone: 'UTC', live: false }
        const { summary, failure } = await runImport(request, around)
        const sum = (counts: Partial<Record<string, number>>): number =>
          Object.values(counts).reduce<number>((all, some) => all + (some ?? 0), 0)
        const [fresh, known] = round === 'first' ? [decisions.length, 0] : [0, decisions.length]
        expect({
          [`${round} ${format}`]: [
            summary.decisions,
            summary.known,
            sum(summary.skipped),
            sum(summary.dead_letters),
            failure,
          ],
        }).toEqual({ [`${round} ${format}`]: [fresh, known, skipped, dead_letters, null] })
      }
    }
  } finally {
    await runtime.close()
  }

  // A third import, of one, has everything scored and stored, and says what it did.
  const said = await gatewatch('import', '--format', 'nginx', '--tenant', 'nginx', join(folder, 'nginx'))
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(said.out).toMatch(/lines read +5 /)
  expect(said.out).toMatch(/decisions +0 /)
  expect(said.out).toMatch(/imported before +3 /)

  const stored = await gatewatch(
    'query',
    '--json',
    'SELECT tenant, groupArray((outcome, subject_id)) AS told FROM (SELECT tenant, outcome, subject_id FROM decisions ORDER BY decided_at) GROUP BY tenant',
  )
  const rows = stored.out
    .trim()
    .split('\n')
    .map((line): { tenant: string; told: unknown } => JSON.parse(line))
  expect(Object.fromEntries(rows.map(({ tenant, told }) => [tenant, told]))).toEqual(
    Object.fromEntries(SAMPLES.map(([format, { decisions }]) => [format, decisions])),
  )
})

it('lists the formats in its help, and names them when asked for another one', async () => {
  const help = await gatewatch('import', '--help')
  const wrong = await gatewatch('import', '--format', 'csv', join(folder, 'x'))
  expect(wrong.code).toBe(2)
  for (const format of FORMATS) {
    expect(help.out).toContain(format)
    expect(wrong.err).toContain(format)
  }
})
