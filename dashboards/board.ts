import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard'
import { attacksFound, policyRevisions } from './annotations.ts'
import { linksFrom } from './links.ts'
import { consoleVariable, tenantVariable } from './variables.ts'

export interface Board {
  /** After `gatewatch-`. Never changed: links and exports name it. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** What a range begins with, as Grafana writes it. */
  readonly from: string
  /** How often a watched dashboard asks again; absent for one that is read. */
  readonly refresh?: string
  /** Which stories stand on its time axes, as a condition on `stories`. All of the tenant's if absent. */
  readonly attacks?: string
}

/**
 * What all dashboards have in common: the tenant first, one crosshair over all
 * panels, links to the others and to the console, and on every time axis from
 * when on a policy was in force and an attack was under way.
 */
export function board({ name, title, description, from, refresh, attacks }: Board): DashboardBuilder {
  const uid = `gatewatch-${name}`
  const builder = new DashboardBuilder(`Gatewatch: ${title}`)
    .uid(uid)
    .description(description)
    .tags(['gatewatch'])
    .time({ from, to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .links(linksFrom(uid))
    .withVariable(tenantVariable())
    .withVariable(consoleVariable())
    .annotation(policyRevisions())
    .annotation(attacksFound(attacks))
  return refresh === undefined ? builder : builder.refresh(refresh)
}
