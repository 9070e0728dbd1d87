import { cloudtrailReader } from './cloudtrail.ts'
import { decisionsReader } from './decisions.ts'
import { entraReader } from './entra.ts'
import { envoyReader } from './envoy.ts'
import type { FormatName, Framing, ReadingOptions, RecordReader } from './format.ts'
import { WRAPPERS } from './json.ts'
import { nginxReader } from './nginx.ts'
import { sshdReader } from './sshd.ts'

interface Shape {
  readonly framing: Framing
  /** Members that may hold the list of records; of line formats none is asked. */
  readonly wrappers: readonly string[]
}

const LINES: Shape = { framing: 'lines', wrappers: [] }
const json = (...wrappers: readonly string[]): Shape => ({ framing: 'json', wrappers })

const FORMAT: Readonly<Record<FormatName, Shape & { open(options: ReadingOptions): RecordReader }>> = {
  sshd: { ...LINES, open: sshdReader },
  entra: { ...json(...WRAPPERS), open: entraReader },
  cloudtrail: { ...json(...WRAPPERS), open: cloudtrailReader },
  envoy: { ...json(), open: envoyReader },
  nginx: { ...LINES, open: nginxReader },
  decisions: { ...json(...WRAPPERS), open: decisionsReader },
}

/** How a source of this format is cut into records. */
export function shapeOf(format: FormatName): Shape {
  const { framing, wrappers } = FORMAT[format]
  return { framing, wrappers }
}

/** The reader of a format, for one source. */
export function openFormat(format: FormatName, options: ReadingOptions): RecordReader {
  return FORMAT[format].open(options)
}
