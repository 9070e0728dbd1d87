import { hash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { CaseFile } from '../../../../schemas/case-file.ts'
import { erasedIn } from '../erased-in.ts'
import { mapPicture } from './map-picture.ts'
import { escaped, markup, Markup } from './markup.ts'
import { STYLE } from './style.ts'
import {
  decisionsTable,
  findingsTable,
  placesTable,
  proofTable,
  revisionsTable,
  riskTable,
  storiesTable,
  suppressedTable,
  verdictsTable,
} from './tables.ts'
import { timelinePicture } from './timeline-picture.ts'

/** Raised whenever the same case is drawn otherwise, so that an old page is not taken for an altered one. */
const PAGE_VERSION = 'gatewatch-case-page-3'
const OPEN = '<pre id="case-json-gzip-base64" hidden>'
const CLOSE = '</pre>'

/** A page holds a case of this many bytes at most: what is longer was not made by us. */
const MOST_CASE_BYTES = 512 * 1024 * 1024

/**
 * A case as one HTML page: no script, nothing from outside, and the policy says
 * so. The whole case is in it as hidden text (gzip, base64: links of a chain are
 * much alike, and take a fifth), so that the page proves itself as the JSON does,
 * and a figure altered in it shows.
 *
 * @param packed the case as the page to compare with has it: other versions of zlib pack otherwise
 */
export function pageOf(file: CaseFile, packed = gzipSync(JSON.stringify(file)).toString('base64')): string {
  const { decisions } = file
  const proven = decisions.rows.filter(({ unproven }) => unproven === null).length
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${PAGE_VERSION}">
<title>Case: ${file.title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>${file.title}</h1>
<p class="note">${nameOf(file)} · tenant ${file.tenant} · ${file.from} to ${file.to} · made ${file.created_at}</p>
<p>${decisions.rows.length} decisions in this file, ${decisions.left_out} left out; ${file.findings.rows.length} findings; <span class="${proven === decisions.rows.length ? 'good' : 'bad'}">${proven} decisions proven by a signed chain</span>.</p>
${erasedNote(file)}<h2>Timeline</h2>
${timelinePicture(file)}
${findingsTable(file)}
${storiesTable(file)}
${verdictsTable(file)}
${suppressedTable(file)}
${riskTable(file)}
${placesTable(file)}
${mapPicture(file.places.rows)}
${revisionsTable(file)}
${decisionsTable(file)}
${proofTable(file)}
<h2>How to check it</h2>
<p>The whole case is in this page, as gzip in base64 in its last element. With the public key of whoever recorded the decisions: <code>gatewatch case check FILE --key PUBLIC_KEY</code>. The key that sealed this file is <code>${file.seal.public_key}</code>; ask for it on another way than this file came.</p>
${file.proof.how.split('\n').map((line) => markup`<p class="note">${line}</p>`)}
${new Markup(`${OPEN}${escaped(packed)}${CLOSE}`)}
</body>
</html>
`
  return page.text
}

/** Whether this version draws such pages; of another it can't say whether they were altered. */
export function isOurPage(page: string): boolean {
  return page.includes(`<meta name="generator" content="${PAGE_VERSION}">`)
}

/** The case that a page holds, as it is packed; null: it holds none. */
export function packedInPage(page: string): string | null {
  const from = page.lastIndexOf(OPEN)
  const to = page.indexOf(CLOSE, from)
  return from < 0 || to < 0 ? null : page.slice(from + OPEN.length, to)
}

/** The same as JSON; null: it can't be unpacked. */
export function unpacked(packed: string | null): string | null {
  if (packed === null || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return null
  try {
    return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_CASE_BYTES }).toString('utf8')
  } catch {
    return null
  }
}

/** What a reader would miss without being told. */
function erasedNote(file: CaseFile): Markup {
  const erased = erasedIn(file)
  return erased === 0
    ? markup``
    : markup`<p>${erased} of these decisions are of persons who were erased at their request: who it was, from where and with what is gone; that it was decided, when and how is there, and proven like the rest.</p>
`
}

function policy(): string {
  const style = hash('sha256', STYLE, 'base64')
  return `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`
}

function nameOf({ about }: CaseFile): string {
  return about.kind === 'entity' ? `${about.entity.type} ${about.entity.id}` : `${about.kind} ${about.id}`
}
