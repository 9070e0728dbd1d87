import type { IncomingHttpHeaders } from 'node:http'
import { escapeHtml } from '../provider/pages.ts'
import type { AppPage } from './app-page.ts'

/** A page of an application, with a strip that shows who the gateway says you are. */
export function renderApp(app: string, page: AppPage, headers: IncomingHttpHeaders): string {
  const told = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-gatewatch-'))
    .map(
      ([name, value]) =>
        `<dt>${escapeHtml(name.slice('x-gatewatch-'.length))}</dt><dd>${escapeHtml(String(value))}</dd>`,
    )
  const links = (page.links ?? []).map(
    ([path, text]) => `<li><a href="${escapeHtml(path)}">${escapeHtml(text)}</a></li>`,
  )
  const action = page.action
    ? `<form method="post" action="${escapeHtml(page.action.path)}"><button>${escapeHtml(page.action.text)}</button></form>`
    : ''
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(page.title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430 }
  aside { background: #eef3fb; border-left: 4px solid #1f5fbf; padding: .5rem 1rem; font-size: 14px } dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 } dd { margin: 0; overflow-wrap: anywhere }
  ul { columns: 4 8rem; padding-left: 1.2rem } nav a { margin-right: 1rem }
</style>
<nav><b>${escapeHtml(app)}</b></nav>
<h1>${escapeHtml(page.title)}</h1>
${page.lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')}${action}<ul>${links.join('')}</ul>
<aside><b>What the gateway told this application</b><dl>${told.join('') || '<dt>nothing</dt><dd>this request did not come through the gateway</dd>'}</dl></aside></html>`
}
