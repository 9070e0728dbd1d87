import { html } from 'htm/preact'
import { withQuery } from '../api.js'

/**
 * Downloads a case file. The browser asks with the session's cookie, and the
 * server says that it is a file to be kept, so the page stays where it is.
 *
 * @param {{ of: readonly string[], tenant: string, range?: import('../questions.js').Query }} props
 */
export function CaseLink({ of, tenant, range = {} }) {
  const path = ['api/v1/cases', ...of.map(encodeURIComponent)].join('/')
  return html`<a
    class="button"
    download
    href=${withQuery(path, { tenant, ...range })}
    title="Decisions, findings, risk and verdicts in one file that proves itself"
    >Case file</a
  >`
}
