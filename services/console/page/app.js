import { html, render } from 'htm/preact'
import { useEffect, useState } from 'preact/hooks'
import { ApiError, getSession, signIn, signOut } from './api.js'
import { Empty, Failure, Loading } from './parts/notice.js'
import { TopBar } from './parts/top-bar.js'
import { link, parseRoute } from './route.js'
import { DashboardView } from './views/dashboard.js'
import { DashboardsView } from './views/dashboards.js'
import { DecisionView } from './views/decision.js'
import { EntityView } from './views/entity.js'
import { FindingView } from './views/finding.js'
import { LiveView } from './views/live.js'
import { LoginView } from './views/login.js'
import { PolicyView } from './views/policy.js'
import { QueriesView } from './views/queries.js'
import { QueryView } from './views/query.js'
import { SearchView } from './views/search.js'
import { StoriesView } from './views/stories.js'
import { StoryView } from './views/story.js'

/** @typedef {import('./route.js').Route} Route */
/** @typedef {import('./api.js').Session} Session */
/** @typedef {(props: { route: Route, tenant: string }) => unknown} View */

/** @type {Readonly<Record<string, View>>} */
const views = {
  live: LiveView,
  stories: (props) =>
    props.route.segments.length > 1
      ? html`<${StoryView} ...${props} />`
      : html`<${StoriesView} ...${props} />`,
  findings: FindingView,
  entities: EntityView,
  decisions: (props) =>
    props.route.segments.length > 1
      ? html`<${DecisionView} ...${props} />`
      : html`<${SearchView} ...${props} />`,
  search: SearchView,
  policy: PolicyView,
  queries: (props) =>
    props.route.segments.length > 1
      ? html`<${QueryView} ...${props} />`
      : html`<${QueriesView} ...${props} />`,
  dashboards: (props) =>
    props.route.segments.length > 1
      ? html`<${DashboardView} ...${props} />`
      : html`<${DashboardsView} ...${props} />`,
}

/** A link with a token in the fragment signs in once; the token leaves the address bar and the history at once. */
function takeTokenFromAddress() {
  const match = /^#token=([^&]+)(?:&to=(.+))?$/.exec(location.hash)
  if (!match) return null
  const to = match[2] ? decodeURIComponent(match[2]) : ''
  history.replaceState(null, '', to.startsWith('/') ? `#${to}` : '#/live')
  return decodeURIComponent(match[1] ?? '')
}

function App() {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  const [session, setSession] = useState(/** @returns {Session | null | undefined} */ () => undefined)
  const [error, setError] = useState(/** @returns {Error | undefined} */ () => undefined)
  const tenant = route.query.get('tenant') ?? 'default'

  useEffect(() => {
    const changed = () => {
      const token = takeTokenFromAddress()
      if (token) void start(token)
      setRoute(parseRoute(location.hash))
    }
    const signedOut = () => setSession(null)
    window.addEventListener('hashchange', changed)
    window.addEventListener('signed-out', signedOut)
    return () => {
      window.removeEventListener('hashchange', changed)
      window.removeEventListener('signed-out', signedOut)
    }
  }, [])

  /** @param {string | null} token */
  async function start(token) {
    setError(undefined)
    try {
      setSession(await (token ? signIn(token) : getSession()))
    } catch (failed) {
      const status = failed instanceof ApiError ? failed.status : 0
      // Not signed in yet is no error, unless a link's token was refused.
      if (status !== 401 || token) setError(failed instanceof Error ? failed : new Error(String(failed)))
      if (status !== 0) setSession(null)
    }
  }

  useEffect(() => {
    void start(firstToken)
  }, [])

  // Wherever nothing is being written, a slash goes to the search.
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const { target, key, ctrlKey, metaKey, altKey } = event
      if (key !== '/' || ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return
      if (target instanceof Element && target.closest('input, textarea, select, [contenteditable]')) return
      event.preventDefault()
      document.getElementById('search')?.focus()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])

  // A view begins at its top, and a screen reader hears that it is another one.
  useEffect(() => {
    window.scrollTo(0, 0)
    document.querySelector('main')?.focus({ preventScroll: true })
  }, [route.segments.join('/')])

  if (session === undefined && !error) return html`<${Loading} what="the console" />`
  if (!session) {
    return html`<${LoginView}
      error=${error}
      signIn=${async (/** @type {string} */ token) => setSession(await signIn(token))}
    />`
  }
  const View = views[route.segments[0] ?? 'live']
  return html`
    <a class="skip" href="#content" onClick=${focusMain}>Skip to content</a>
    <${TopBar}
      route=${route}
      tenant=${tenant}
      session=${session}
      signOut=${() => void signOut().finally(() => setSession(null))}
    />
    <main id="content" tabindex="-1">
      ${error && html`<${Failure} error=${error} />`}
      ${
        View
          ? html`<${View} key=${route.segments.join('/')} route=${route} tenant=${tenant} />`
          : html`<${Empty} title="There is no such page.">
              Go to the <a href=${link(['live'])}>live decisions</a> or the${' '}
              <a href=${link(['stories'])}>stories</a>.
            <//>`
      }
    </main>
  `
}

/** @param {Event} event */
function focusMain(event) {
  event.preventDefault()
  document.querySelector('main')?.focus()
}

const firstToken = takeTokenFromAddress()
const root = document.getElementById('app')
if (root) render(html`<${App} />`, root)
