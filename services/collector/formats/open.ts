import { cloudtrailReader } from './cloudtrail.ts'
import { decisionsReader } from './decisions.ts'
import { entraReader } from './entra.ts'
import type { FormatName, Framing, ReadingOptions, RecordReader } from './format.ts'
import { sshdReader } from './sshd.ts'

export function framingOf(format: FormatName): Framing {
  return format === 'sshd' ? 'lines' : 'json'
}

const READERS: Readonly<Record<FormatName, (options: ReadingOptions) => RecordReader>> = {
  sshd: sshdReader,
  entra: entraReader,
  cloudtrail: cloudtrailReader,
  decisions: decisionsReader,
}

/** The reader of a format, for one source. */
export function openFormat(format: FormatName, options: ReadingOptions): RecordReader {
  return READERS[format](options)
}
