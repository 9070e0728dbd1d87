import type { BackendSrv } from '@grafana/runtime'
import provisioned from '../../provisioning/datasources/gatewatch.yaml'

const { datasources } = provisioned
const [clickhouse, prometheus] = datasources

/** What differs from place to place. An empty password leaves the one that Grafana has. */
export interface Place {
  readonly host: string
  readonly port: string
  readonly secure: boolean
  readonly username: string
  readonly password: string
  readonly prometheus: string
}

/** One of the data sources that the dashboards name, and how it stands. */
export interface Need {
  readonly name: string
  readonly state: 'no-plugin' | 'missing' | 'answers' | 'fails'
  /** What Grafana said when it was asked for its health; of a missing plugin, which. */
  readonly said: string
}

export interface Look {
  readonly place: Place
  readonly needs: readonly Need[]
  /** Whether Grafana keeps a password of the account already. */
  readonly kept: boolean
}

/** A data source as Grafana's HTTP API lists it. */
interface Known {
  readonly uid: string
  readonly url?: string
  readonly readOnly?: boolean
  readonly jsonData?: Readonly<Record<string, unknown>>
}

/** What Grafana has: the page's first sight, and what it shows after each change. */
export async function look(backend: BackendSrv): Promise<Look> {
  const [known, plugins] = await Promise.all([
    backend.get<Known[]>('/api/datasources'),
    backend.get<{ id: string }[]>('/api/plugins', { type: 'datasource' }),
  ])
  const needs = datasources.map(async ({ uid, name, type }): Promise<Need> => {
    if (plugins.every(({ id }) => id !== type)) return { name, state: 'no-plugin', said: type }
    if (known.every((one) => one.uid !== uid)) return { name, state: 'missing', said: '' }
    return { name, ...(await health(backend, uid)) }
  })
  const kept = known.some(({ uid }) => uid === clickhouse.uid) && (await keepsPassword(backend))
  return { place: placeOf(known), needs: await Promise.all(needs), kept }
}

/** Makes what is missing and changes what is there. What came from files is left: it is changed in its files. */
export async function save(backend: BackendSrv, place: Place): Promise<void> {
  const known = await backend.get<Known[]>('/api/datasources')
  for (const { uid, settings } of settingsFor(place)) {
    const found = known.find((one) => one.uid === uid)
    if (found?.readOnly) continue
    // What somebody added by hand, a certificate for example, stays.
    const all = { ...settings, jsonData: { ...found?.jsonData, ...settings.jsonData } }
    if (found) await backend.put(`/api/datasources/uid/${uid}`, all)
    else await backend.post('/api/datasources', all)
  }
}

/** Whether all is said that the data sources need. */
export function isComplete(
  { host, port, username, password, prometheus: url }: Place,
  kept: boolean,
): boolean {
  return host !== '' && /^\d{1,5}$/.test(port) && username !== '' && url !== '' && (kept || password !== '')
}

function settingsFor({ host, port, secure, username, password, prometheus: url }: Place) {
  const { secureJsonData: _placeholder, ...rest } = clickhouse
  const jsonData = { ...rest.jsonData, host, port: Number(port), secure, username }
  return [
    {
      uid: rest.uid,
      settings: { ...rest, jsonData, ...(password !== '' && { secureJsonData: { password } }) },
    },
    { uid: prometheus.uid, settings: { ...prometheus, url } },
  ]
}

/** The settings that Grafana has; of a data source that is not there, the provisioned ones but for the addresses. */
function placeOf(known: readonly Known[]): Place {
  const found = known.find(({ uid }) => uid === clickhouse.uid)
  const { host, port, secure, username } = found?.jsonData ?? { ...clickhouse.jsonData, host: '' }
  return {
    host: textOf(host),
    port: textOf(port),
    secure: secure === true,
    username: textOf(username),
    password: '',
    prometheus: known.find(({ uid }) => uid === prometheus.uid)?.url ?? '',
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : ''
}

async function keepsPassword(backend: BackendSrv): Promise<boolean> {
  const url = `/api/datasources/uid/${clickhouse.uid}`
  const { secureJsonFields } = await backend.get<{ secureJsonFields?: { password?: boolean } }>(url)
  return secureJsonFields?.password === true
}

async function health(backend: BackendSrv, uid: string): Promise<Pick<Need, 'state' | 'said'>> {
  try {
    const quiet = { showErrorAlert: false }
    const url = `/api/datasources/uid/${uid}/health`
    const { message } = await backend.get<{ message?: string }>(url, undefined, undefined, quiet)
    return { state: 'answers', said: message ?? '' }
  } catch (error) {
    return { state: 'fails', said: whatWasSaid(error) }
  }
}

/** The words of Grafana's answer, which its client throws as it came. */
export function whatWasSaid(error: unknown): string {
  const data = error instanceof Object && 'data' in error ? error.data : error
  const message = data instanceof Object && 'message' in data ? data.message : ''
  return typeof message === 'string' && message !== '' ? message : 'Grafana did not say why.'
}
