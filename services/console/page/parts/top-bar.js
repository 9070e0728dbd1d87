import { html } from 'htm/preact'
import { fieldText } from '../form.js'
import { useApi } from '../hooks.js'
import { tenants } from '../questions.js'
import { link, replaceQuery } from '../route.js'

const places = [
  { name: 'Live', segments: ['live'] },
  { name: 'Stories', segments: ['stories'] },
  { name: 'Search', segments: ['search'] },
  { name: 'Policy', segments: ['policy'] },
  { name: 'Queries', segments: ['queries'] },
  { name: 'Dashboards', segments: ['dashboards'] },
]

/** @param {{ route: import('../route.js').Route, tenant: string, session: import('../api.js').Session, signOut: () => void }} props */
export function TopBar({ route, tenant, session, signOut }) {
  return html`<header class="bar">
    <a class="brand" href=${link(['live'], { tenant: keep(tenant) })}
      ><img src="assets/icon.svg" alt="" />Gatewatch</a
    >
    <nav aria-label="Views">
      ${places.map(
        ({ name, segments }) =>
          html`<a
            key=${name}
            href=${link(segments, { tenant: keep(tenant) })}
            aria-current=${route.segments[0] === segments[0] ? 'page' : undefined}
            >${name}</a
          >`,
      )}
    </nav>
    <form role="search" onSubmit=${(/** @type {SubmitEvent} */ event) => search(event, tenant)}>
      <label class="hidden-text" for="search">Search</label>
      <input
        id="search"
        name="q"
        type="search"
        maxlength="300"
        placeholder="Decision id, person or address"
        aria-keyshortcuts="/"
        title="A slash brings you here"
        autocomplete="off"
        spellcheck=${false}
      />
    </form>
    <div class="who">
      <${TenantPicker} route=${route} tenant=${tenant} />
      <span class="muted name" title="The name of the token you signed in with">${session.name}</span>
      <button type="button" class="plain" onClick=${signOut}>Sign out</button>
    </div>
  </header>`
}

/** Tenants are shown when there is a choice, as after an import. @param {{ route: import('../route.js').Route, tenant: string }} props */
function TenantPicker({ route, tenant }) {
  const { data } = useApi(tenants(), 30_000)
  const known = data?.tenants ?? []
  const names = [...new Set(['default', tenant, ...known])].sort()
  if (names.length < 2) return null
  return html`<label>
    <span class="hidden-text">Tenant</span>
    <select
      title="Tenant"
      value=${tenant}
      onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) =>
        replaceQuery(route, { tenant: event.currentTarget.value })}
    >
      ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    </select>
  </label>`
}

/** @param {SubmitEvent} event @param {string} tenant */
function search(event, tenant) {
  event.preventDefault()
  const q = fieldText(event, 'q')
  if (!q) return
  if (event.currentTarget instanceof HTMLFormElement) event.currentTarget.reset()
  location.hash = link(['search'], { q, tenant: keep(tenant) })
}

/** The default tenant stays out of the address. @param {string} tenant */
function keep(tenant) {
  return tenant === 'default' ? undefined : tenant
}
