import { cefReader } from './cef.ts'
import { cloudflareReader } from './cloudflare.ts'
import { cloudtrailReader } from './cloudtrail.ts'
import { decisionsReader } from './decisions.ts'
import { entraReader } from './entra.ts'
import { envoyReader } from './envoy.ts'
import type { FormatName, Framing, ReadingOptions, RecordReader } from './format.ts'
import { googleReader } from './google.ts'
import { WRAPPERS } from './json.ts'
import { nginxReader } from './nginx.ts'
import { ocsfReader } from './ocsf.ts'
import { oktaReader } from './okta.ts'
import { opaReader } from './opa.ts'
import { pomeriumReader } from './pomerium.ts'
import { sshdReader } from './sshd.ts'
import { teleportReader } from './teleport.ts'

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
  pomerium: { ...LINES, open: pomeriumReader },
  okta: { ...json(), open: oktaReader },
  // The web API's page of events.
  teleport: { ...json('events'), open: teleportReader },
  // A page of the Reports API, and one of Cloud Logging.
  google: { ...json('items', 'entries'), open: googleReader },
  // A page of the API.
  cloudflare: { ...json('result'), open: cloudflareReader },
  opa: { ...json(), open: opaReader },
  ocsf: { ...json(), open: ocsfReader },
  cef: { ...LINES, open: cefReader },
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
