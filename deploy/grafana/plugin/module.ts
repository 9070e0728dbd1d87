/** What of Grafana's packages the plugin uses. They are Grafana's own at run time, so none is bundled or installed. */
interface GrafanaData {
  readonly AppPlugin: new () => { addConfigPage(page: ConfigPage): unknown }
}
interface GrafanaRuntime {
  readonly getBackendSrv: () => {
    get(url: string): Promise<unknown>
    post(url: string, data: unknown): Promise<unknown>
    put(url: string, data: unknown): Promise<unknown>
  }
}
interface GrafanaUi {
  readonly Button: unknown
  readonly Field: unknown
  readonly Input: unknown
}
interface React {
  createElement(type: unknown, props: object | null, ...children: unknown[]): unknown
  useState<T>(initial: T): [T, (next: T) => void]
}
interface ConfigPage {
  readonly id: string
  readonly title: string
  readonly icon: string
  readonly body: () => unknown
}

/** A data source as Grafana's HTTP API takes it, with `${NAME}` where somebody must say something. */
export interface DataSourceSettings {
  readonly name: string
  readonly uid: string
  readonly type: string
  readonly access: string
  readonly url?: string
  readonly jsonData: Readonly<Record<string, unknown>>
  readonly secureJsonData?: Readonly<Record<string, string>>
}

/** The plugin, whose only page makes the data sources that its dashboards name. */
export function makePlugin(
  { AppPlugin }: GrafanaData,
  { getBackendSrv }: GrafanaRuntime,
  ui: GrafanaUi,
  react: React,
  settings: readonly DataSourceSettings[],
): object {
  const plugin = new AppPlugin()
  plugin.addConfigPage({ id: 'data-sources', title: 'Data sources', icon: 'database', body: page })
  return plugin

  function page(): unknown {
    const [given, setGiven] = react.useState<Readonly<Record<string, string>>>({})
    const [told, setTold] = react.useState('')
    const asked = placeholders(settings)
    const fields = asked.map((name) =>
      react.createElement(
        ui.Field,
        { key: name, label: labelOf(name) },
        react.createElement(ui.Input, {
          id: name,
          type: name.endsWith('PASSWORD') ? 'password' : 'text',
          autoComplete: 'off',
          value: given[name] ?? '',
          onChange: (event: { currentTarget: { value: string } }) =>
            setGiven({ ...given, [name]: event.currentTarget.value }),
        }),
      ),
    )
    const save = (event: { preventDefault(): void }): void => {
      event.preventDefault()
      setTold('')
      saveDataSources(getBackendSrv(), settings, given).then(
        () => setTold('Saved. The dashboards can be imported now.'),
        // Grafana shows what its API answered; the form stays as it is.
        () => setTold('Grafana refused them.'),
      )
    }
    const ready = asked.every((name) => (given[name] ?? '') !== '')
    return react.createElement(
      'form',
      { onSubmit: save },
      ...fields,
      react.createElement(ui.Button, { type: 'submit', disabled: !ready }, 'Save data sources'),
      react.createElement('p', { role: 'status' }, told),
    )
  }
}

/** Makes each data source, or changes the one that has its uid. */
export async function saveDataSources(
  backend: ReturnType<GrafanaRuntime['getBackendSrv']>,
  settings: readonly DataSourceSettings[],
  given: Readonly<Record<string, string>>,
): Promise<void> {
  const known = await backend.get('/api/datasources')
  const uids = new Set(Array.isArray(known) ? known.map((one: { uid?: unknown }) => one.uid) : [])
  for (const each of settings) {
    const filled: unknown = JSON.parse(JSON.stringify(each), (_key, value: unknown) =>
      typeof value === 'string'
        ? value.replaceAll(/\$\{(\w+)\}/g, (_m, name: string) => given[name] ?? '')
        : value,
    )
    if (uids.has(each.uid)) await backend.put(`/api/datasources/uid/${each.uid}`, filled)
    else await backend.post('/api/datasources', filled)
  }
}

/** What must be said, in the order in which it is asked. */
function placeholders(settings: readonly DataSourceSettings[]): string[] {
  return [...new Set([...JSON.stringify(settings).matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? ''))]
}

/** `GATEWATCH_CLICKHOUSE_HOST` as `Clickhouse host`. */
function labelOf(name: string): string {
  const words = name
    .replace(/^GATEWATCH_/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
