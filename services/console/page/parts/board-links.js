import { html } from 'htm/preact'
import { link } from '../route.js'
import { titleOf } from '../views/dashboards.js'

/** The other dashboards that a definition links to; range and variables go along where it says so. @param {{ definition: import('../questions.js').Dashboard, route: import('../route.js').Route }} props */
export function BoardLinks({ definition, route }) {
  const { query } = route
  const kept = (/** @type {(name: string) => boolean} */ keep) =>
    Object.fromEntries([...new Set(query.keys())].filter(keep).map((name) => [name, query.getAll(name)]))
  return html`<nav class="row board-links" aria-label="Other dashboards">
    ${definition.links.flatMap(({ title, url, keepTime, includeVars }) => {
      const uid = /^\/d\/([\w-]+)$/.exec(url)?.[1]
      if (uid === undefined) return []
      const along = kept(
        (name) =>
          name === 'tenant' ||
          (keepTime && (name === 'from' || name === 'to')) ||
          (includeVars && name.startsWith('var-')),
      )
      return [html`<a key=${uid} href=${link(['dashboards', uid], along)}>${titleOf(title)}</a>`]
    })}
  </nav>`
}
