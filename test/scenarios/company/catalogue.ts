import type { Sensitivity } from '../../../schemas/bounds.ts'
import type { z } from 'zod'

type Level = z.infer<typeof Sensitivity>

export interface Resource {
  readonly app: string
  readonly path_template: string
  readonly sensitivity: Level
  /** Behind the tunnel; others are reached directly where the tunnel is split. */
  readonly internal: boolean
  /** Median of an answer, in bytes. */
  readonly bytes: number
  readonly method: 'GET' | 'POST'
}

/** What departments do, the commonest first. */
export const DEPARTMENTS = {
  engineering: { share: 0.34, apps: ['git', 'ci', 'tickets', 'wiki', 'deploy', 'analytics', 'secrets'] },
  sales: { share: 0.2, apps: ['crm', 'contracts', 'expenses', 'analytics', 'tickets'] },
  support: { share: 0.14, apps: ['desk', 'records', 'wiki', 'crm'] },
  finance: { share: 0.09, apps: ['ledger', 'billing', 'expenses', 'analytics', 'contracts'] },
  operations: { share: 0.11, apps: ['warehouse', 'tickets', 'desk'] },
  hr: { share: 0.05, apps: ['people', 'payroll', 'wiki', 'contracts'] },
  it: { share: 0.05, apps: ['admin', 'deploy', 'secrets', 'tickets', 'wiki'] },
  leadership: { share: 0.02, apps: ['board', 'analytics', 'crm', 'people', 'expenses'] },
} as const
export type Department = keyof typeof DEPARTMENTS

/** What everybody uses. */
export const COMMON = ['mail', 'chat', 'drive', 'calendar', 'learning'] as const

type Template = readonly [path: string, level: Level, bytes: number]
type App = { readonly internal: boolean; readonly templates: readonly Template[] }
const saas = (...templates: readonly Template[]): App => ({ internal: false, templates })
const internal = (...templates: readonly Template[]): App => ({ internal: true, templates })

const APPS: Readonly<Record<string, App>> = {
  mail: saas(
    ['/inbox', 'low', 30_000],
    ['/messages/{id}', 'medium', 60_000],
    ['/send', 'low', 4_000],
    ['/search', 'low', 20_000],
    ['/rules', 'medium', 3_000],
  ),
  chat: saas(
    ['/channels/{id}', 'low', 15_000],
    ['/messages', 'low', 5_000],
    ['/files/{id}', 'medium', 300_000],
  ),
  drive: saas(
    ['/folders/{id}', 'low', 20_000],
    ['/files/{id}', 'medium', 900_000],
    ['/files/{id}/download', 'medium', 2_500_000],
    ['/share', 'medium', 3_000],
  ),
  calendar: saas(['/week', 'low', 25_000], ['/events/{id}', 'low', 6_000]),
  learning: saas(['/courses', 'low', 60_000], ['/courses/{id}', 'low', 400_000]),
  git: internal(
    ['/repos/{id}', 'medium', 80_000],
    ['/repos/{id}/pulls', 'low', 60_000],
    ['/repos/{id}/archive', 'high', 20_000_000],
    ['/pulls/{id}', 'low', 120_000],
    ['/repos/{id}/settings', 'high', 9_000],
  ),
  ci: internal(
    ['/builds', 'low', 50_000],
    ['/builds/{id}', 'low', 200_000],
    ['/builds/{id}/artifacts', 'medium', 5_000_000],
    ['/runners', 'medium', 9_000],
  ),
  tickets: saas(
    ['/boards/{id}', 'low', 90_000],
    ['/issues/{id}', 'low', 30_000],
    ['/issues', 'low', 60_000],
    ['/export', 'medium', 2_000_000],
  ),
  wiki: internal(
    ['/pages/{id}', 'low', 50_000],
    ['/search', 'low', 20_000],
    ['/spaces/{id}', 'low', 30_000],
    ['/spaces/{id}/export', 'medium', 8_000_000],
  ),
  deploy: internal(
    ['/services', 'medium', 40_000],
    ['/services/{id}', 'medium', 30_000],
    ['/services/{id}/rollout', 'high', 6_000],
    ['/services/{id}/shell', 'high', 40_000],
    ['/services/{id}/logs', 'medium', 600_000],
  ),
  analytics: internal(
    ['/reports/{id}', 'medium', 200_000],
    ['/dashboards/{id}', 'low', 150_000],
    ['/queries', 'medium', 400_000],
    ['/datasets/{id}/export', 'high', 15_000_000],
  ),
  secrets: internal(
    ['/vaults', 'medium', 8_000],
    ['/vaults/{id}', 'high', 4_000],
    ['/vaults/{id}/keys', 'high', 2_000],
  ),
  crm: saas(
    ['/accounts/{id}', 'medium', 60_000],
    ['/leads', 'low', 70_000],
    ['/pipeline', 'medium', 90_000],
    ['/accounts/export', 'high', 12_000_000],
    ['/opportunities/{id}', 'medium', 50_000],
  ),
  contracts: saas(
    ['/contracts', 'medium', 40_000],
    ['/contracts/{id}', 'high', 500_000],
    ['/templates/{id}', 'low', 200_000],
  ),
  expenses: saas(
    ['/reports', 'low', 30_000],
    ['/reports/{id}', 'low', 40_000],
    ['/receipts', 'low', 800_000],
    ['/approvals', 'medium', 20_000],
  ),
  desk: saas(
    ['/queue', 'low', 60_000],
    ['/cases/{id}', 'medium', 50_000],
    ['/macros', 'low', 9_000],
    ['/cases/{id}/attachments', 'medium', 900_000],
  ),
  records: internal(
    ['/customers/{id}', 'high', 30_000],
    ['/customers', 'medium', 60_000],
    ['/customers/{id}/history', 'medium', 90_000],
    ['/customers/export', 'high', 18_000_000],
  ),
  ledger: internal(
    ['/journals', 'medium', 80_000],
    ['/journals/{id}', 'medium', 30_000],
    ['/payments', 'high', 40_000],
    ['/payments/{id}/release', 'high', 4_000],
    ['/closing', 'high', 300_000],
    ['/consolidation', 'high', 2_000_000],
  ),
  billing: internal(
    ['/invoices', 'medium', 60_000],
    ['/invoices/{id}', 'medium', 40_000],
    ['/dunning', 'medium', 50_000],
    ['/bank-accounts', 'high', 9_000],
  ),
  warehouse: internal(
    ['/orders', 'low', 40_000],
    ['/orders/{id}', 'low', 15_000],
    ['/stock', 'low', 60_000],
    ['/scan', 'low', 1_500],
  ),
  people: internal(
    ['/employees', 'medium', 80_000],
    ['/employees/{id}', 'high', 40_000],
    ['/applicants/{id}', 'medium', 300_000],
    ['/reviews/{id}', 'high', 60_000],
  ),
  payroll: internal(
    ['/runs', 'high', 60_000],
    ['/salaries/{id}', 'high', 12_000],
    ['/runs/{id}/export', 'high', 4_000_000],
  ),
  admin: internal(
    ['/users', 'high', 90_000],
    ['/users/{id}', 'high', 20_000],
    ['/roles/{id}', 'high', 12_000],
    ['/devices', 'medium', 90_000],
    ['/audit', 'high', 700_000],
  ),
  board: internal(
    ['/papers', 'high', 60_000],
    ['/papers/{id}', 'high', 3_000_000],
    ['/acquisitions/{id}', 'high', 5_000_000],
  ),
}

const RESOURCES: Readonly<Record<string, readonly Resource[]>> = Object.fromEntries(
  Object.entries(APPS).map(([app, { internal: within, templates }]) => [
    app,
    templates.map(([path_template, sensitivity, bytes]): Resource => ({
      app,
      path_template,
      sensitivity,
      bytes,
      internal: within,
      method: /release|rollout|send|share|scan|shell/.test(path_template) ? 'POST' : 'GET',
    })),
  ]),
)

export const ALL_RESOURCES: readonly Resource[] = Object.values(RESOURCES).flat()

/** Resources of an application. */
export function resourcesOf(app: string): readonly Resource[] {
  const found = RESOURCES[app]
  if (found === undefined) throw new Error(`no application ${app}`)
  return found
}
