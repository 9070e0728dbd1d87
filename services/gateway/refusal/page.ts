import type { Explanation } from './explain.ts'

export interface RefusalPage {
  readonly explanation: Explanation
  /** Null: nothing could be recorded, so there is no decision to name. */
  readonly decision_id: string | null
  readonly contact: string | null
  /** Base address of the console. */
  readonly console_url: string
  /** Where to sign in (again); null when that would not help. */
  readonly sign_in: string | null
}

/** Headers of every page of ours: it runs nothing, loads nothing, is framed by nobody and kept by nobody. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

/** Address of the console's answer to "why was I refused?". */
function explainUrl(console_url: string, decision_id: string): string {
  return `${console_url.replace(/\/$/, '')}/#/decisions/${encodeURIComponent(decision_id)}`
}

/** The page of a refusal: one small answer without scripts. */
export function refusalPage(page: RefusalPage): string {
  const { explanation, decision_id, contact, sign_in } = page
  const lines = [`<p>${escape(explanation.what)}</p>`, `<p>${escape(explanation.help)}</p>`]
  if (sign_in !== null) lines.push(`<p><a class="button" href="${escape(sign_in)}">Sign in</a></p>`)
  if (contact !== null) lines.push(`<p>Whom to ask: ${contactOf(contact)}</p>`)
  if (decision_id !== null) {
    const why = escape(explainUrl(page.console_url, decision_id))
    lines.push(
      `<p class="id">Decision <code>${escape(decision_id)}</code> (name it when you ask; <a href="${why}">why, for analysts</a>)</p>`,
    )
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(explanation.title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.4rem}.id{margin-top:2rem;padding-top:1rem;border-top:1px solid #d8dde4;color:#59636f;font-size:.875rem}
.button{display:inline-block;padding:.4rem 1rem;border-radius:4px;background:#1f4f8f;color:#fff;text-decoration:none}
@media(prefers-color-scheme:dark){body{color:#dfe4ea;background:#14181d}.id{border-color:#333c46;color:#98a3af}a{color:#8fb8ee}.button{color:#fff}}</style>
</head><body><main><h1>${escape(explanation.title)}</h1>
${lines.join('\n')}
</main></body></html>
`
}

function contactOf(contact: string): string {
  return /^[^\s@<>]+@[^\s@<>]+$/.test(contact)
    ? `<a href="mailto:${escape(contact)}">${escape(contact)}</a>`
    : escape(contact)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for HTML content and quoted attributes. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
