import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page, Route } from 'playwright-core'
import { ROOT } from './files.ts'

const HOME = 'http://grafana.test'
const umd = (name: string): string =>
  readFileSync(join(ROOT, `deploy/grafana/plugin/node_modules/${name}/umd/${name}.production.min.js`), 'utf8')

/** A data source as the app's page sends it, and as Grafana lists it; the secret is kept, never told. */
export interface KeptSource {
  readonly uid: string
  readonly name: string
  readonly type: string
  readonly url?: string
  readonly readOnly?: boolean
  readonly jsonData: Readonly<Record<string, unknown>>
  readonly secureJsonData?: { readonly password?: string }
}

/** What Grafana is to the app's page: its API for data sources, with what it has and answers. */
export interface FewOfGrafana {
  readonly plugins: readonly string[]
  readonly sources: Map<string, KeptSource>
  /** What each data source says when its health is asked; null where it does not answer. */
  readonly health: Map<string, string | null>
  /** Every change that was asked for. */
  readonly changes: { readonly method: string; readonly path: string; readonly body: KeptSource }[]
  /** Answers changes with this status and message instead of making them. */
  refuses: { readonly status: number; readonly message: string } | null
}

/**
 * The app's page in a browser, with the React that Grafana has. Of Grafana's
 * own components only the elements stand here that these end in.
 */
export async function openAppPage(
  context: BrowserContext,
  moduleText: string,
  grafana: FewOfGrafana,
): Promise<Page> {
  const page = await context.newPage()
  await page.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/') await route.fulfill({ contentType: 'text/html', body: PAGE })
    else if (pathname === '/react.js') await script(route, umd('react'))
    else if (pathname === '/react-dom.js') await script(route, umd('react-dom'))
    else if (pathname.endsWith('/module.js')) await script(route, moduleText)
    else await answer(route, pathname, grafana)
  })
  await page.goto(HOME)
  return page
}

async function script(route: Route, body: string): Promise<void> {
  await route.fulfill({ contentType: 'text/javascript', body })
}

async function answer(route: Route, path: string, grafana: FewOfGrafana): Promise<void> {
  const method = route.request().method()
  const uid = path.split('/')[4] ?? ''
  if (method !== 'GET') {
    const body = route.request().postDataJSON() as KeptSource
    if (grafana.refuses) {
      const { status, message } = grafana.refuses
      await route.fulfill({ status, json: { message } })
      return
    }
    grafana.changes.push({ method, path, body })
    const kept = grafana.sources.get(body.uid)?.secureJsonData
    const secureJsonData = body.secureJsonData ?? kept
    grafana.sources.set(body.uid, { ...body, ...(secureJsonData && { secureJsonData }) })
    await route.fulfill({ json: {} })
  } else if (path === '/api/plugins') {
    await route.fulfill({ json: grafana.plugins.map((id) => ({ id })) })
  } else if (path.endsWith('/health')) {
    const says = grafana.health.get(uid)
    if (typeof says !== 'string')
      await route.fulfill({ status: 400, json: { status: 'ERROR', message: 'connection refused' } })
    else await route.fulfill({ json: { status: 'OK', message: says } })
  } else if (path === '/api/datasources') {
    const told = [...grafana.sources.values()].map(({ secureJsonData: _kept, ...rest }) => rest)
    await route.fulfill({ json: told })
  } else {
    const kept = grafana.sources.get(uid)?.secureJsonData
    await route.fulfill({ json: { uid, secureJsonFields: { password: kept !== undefined } } })
  }
}

const PAGE = `<!doctype html><title>Grafana</title><div id="root"></div>
<script src="/react.js"></script><script src="/react-dom.js"></script>
<script>
  const h = React.createElement
  const send = async (url, method, body) => {
    const answer = await fetch(url, { method, body: JSON.stringify(body) })
    const data = await answer.json()
    if (!answer.ok) throw { status: answer.status, data }
    return data
  }
  const modules = {
    react: React,
    module: { uri: location.origin + '/public/plugins/gatewatch-app/module.js' },
    '@grafana/data': { AppPlugin: class { addConfigPage(page) { this.page = page; return this } } },
    '@grafana/runtime': { getBackendSrv: () => ({
      get: (url, params) => send(url + (params ? '?' + new URLSearchParams(params) : ''), 'GET'),
      post: (url, body) => send(url, 'POST', body),
      put: (url, body) => send(url, 'PUT', body),
    }) },
    '@grafana/ui': {
      Alert: ({ title, severity, children }) => h('div', { role: 'alert', className: severity }, h('b', null, title), ' ', children),
      Button: (props) => h('button', props),
      Checkbox: ({ label, value, ...props }) => h('label', null, h('input', { ...props, type: 'checkbox', checked: value }), label),
      Field: ({ label, children }) => h('label', null, label, children),
      Input: ({ width, ...props }) => h('input', props),
    },
  }
  function define(names, factory) {
    const { plugin } = factory(...names.map((name) => modules[name]))
    ReactDOM.createRoot(document.getElementById('root')).render(h(plugin.page.body))
  }
</script>
<script src="/public/plugins/gatewatch-app/module.js"></script>`
